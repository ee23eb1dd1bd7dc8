#include "spec/compose.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/task_documents.hpp"

namespace autotuner::spec {
namespace {

using engine::RuntimeId;
using testing::HasSubstr;

Wish wish_for(RuntimeId runtime, std::string model) {
  Wish wish;
  wish.runtime = runtime;
  wish.model = std::move(model);
  wish.hardware = {2, 7.7, 0, 0, ""};
  return wish;
}

/// Reads back what was composed; every problem is a failure.
Task composed(const Wish& wish) {
  const auto text = compose_yaml(wish);
  EXPECT_TRUE(text) << (text ? "" : text.error().message);
  if (!text) return {};
  const auto loaded = load_task(*text, Format::yaml, {.strict = true, .host_gpus = wish.hardware.gpus});
  EXPECT_TRUE(loaded.task) << *text << test::all_problems(loaded);
  return loaded.task.value_or(Task{});
}

TEST(Compose, ReadsBackWithoutAProblemForEveryEngineAndSize) {
  for (const auto& runtime : engine::all_runtimes()) {
    for (const int gpus : {0, 8}) {
      for (const int cores : {1, 64}) {
        Wish wish = wish_for(runtime.id, "org/Some_Model-8B");
        wish.hardware = {cores, 64, gpus, gpus > 0 ? 80.0 : 0.0, gpus > 0 ? "NVIDIA H100" : ""};
        const Task task = composed(wish);
        EXPECT_EQ(task.runtime, runtime.id);
        EXPECT_FALSE(task.space.parameters.empty()) << runtime.key;
        EXPECT_EQ(task.running.baseline, true);
        EXPECT_EQ(task.running.race, (RaceWish{3, 3}));
        EXPECT_EQ(task.running.warm_start, task.search.kind == search::Kind::gp);
      }
    }
  }
}

TEST(Compose, WritesTheReasonBesideEachRange) {
  const auto text = compose_yaml(wish_for(RuntimeId::llamacpp, "/models/qwen.gguf"));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("# Tunes "));
  EXPECT_THAT(*text, HasSubstr("2 cores, 7.7 GiB of memory, no GPU"));
  EXPECT_THAT(*text, HasSubstr("task_name: llamacpp-qwen-gguf\n"));
  for (const auto& advice : engine::worth_tuning(RuntimeId::llamacpp, {2, 7.7, 0, 0, ""}, 4, 160)) {
    EXPECT_THAT(*text, HasSubstr(advice.reason));
    EXPECT_THAT(*text, HasSubstr("  " + advice.parameter.name + ": "));
  }
}

TEST(Compose, TakesTheWishIntoTheDocument) {
  Wish wish = wish_for(RuntimeId::sim, "demo-8b");
  wish.name = "my task: 1";
  wish.objective = metrics::Objective::minimize_ttft;
  wish.limits = {{"ttft", 0.5, 1, false, 0.5, "p90"},
                 {"latency.p90", 5, 2, true, 0.2, "mean"},
                 {"tpot", 0.05, 1, false, 0.5, "mean"}};
  wish.scenarios = {"D(64,16)", "N(100,10)/(20,5)"};
  wish.concurrency = {2, 300};
  wish.budget = std::chrono::minutes(10);
  wish.max_iterations = 3;
  wish.seed = 5;
  const Task task = composed(wish);
  EXPECT_EQ(task.name, "my task: 1");
  EXPECT_EQ(task.goal.objective, metrics::Objective::minimize_ttft);
  EXPECT_EQ(task.goal.at.kind, metrics::BasisKind::mean);
  ASSERT_EQ(task.goal.slo.limits.size(), 3U);
  EXPECT_EQ(task.goal.slo.limits[0], wish.limits[1]);
  EXPECT_EQ(task.goal.slo.limits[1], wish.limits[0]);
  EXPECT_EQ(task.workload.scenarios.size(), 2U);
  EXPECT_EQ(task.workload.levels[1].concurrency, 300);
  EXPECT_GE(task.workload.max_requests, 300);
  EXPECT_EQ(task.running.total_timeout->count(), 600);
  EXPECT_LE(task.search.max_iterations, 3);
  EXPECT_EQ(task.search.seed, 5U);
}

TEST(Compose, ScoresThroughputAtTheBestPoint) {
  EXPECT_EQ(composed(wish_for(RuntimeId::sim, "demo-8b")).goal.at.kind, metrics::BasisKind::best_point);
}

TEST(Compose, NamesWhatIsMissingOrUnfit) {
  const auto message = [](const Wish& wish) {
    const auto text = compose_yaml(wish);
    return text ? std::string() : text.error().message;
  };
  EXPECT_EQ(message(wish_for(RuntimeId::sim, "")), "model is empty; must be a path, an id or a name");
  Wish wish = wish_for(RuntimeId::sim, "m");
  wish.concurrency = {0};
  EXPECT_EQ(message(wish), "concurrency is 0; must be at least 1");
  wish = wish_for(RuntimeId::sim, "m");
  wish.scenarios = {"D(1)"};
  EXPECT_THAT(message(wish), HasSubstr("D(1)"));
  wish = wish_for(RuntimeId::sim, "m");
  wish.max_iterations = 0;
  EXPECT_EQ(message(wish), "max_iterations is 0; must be at least 1");
  wish = wish_for(RuntimeId::sim, "m");
  wish.budget = std::chrono::seconds(-1);
  EXPECT_EQ(message(wish), "the budget is -1 s; must be more than 0");
  wish = wish_for(RuntimeId::sim, "m");
  wish.objective = metrics::Objective::maximize_goodput;
  EXPECT_THAT(message(wish), HasSubstr("optimization.objective: is maximize_goodput"));
}

}  // namespace
}  // namespace autotuner::spec
