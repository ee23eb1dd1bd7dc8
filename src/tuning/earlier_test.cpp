#include "tuning/earlier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fakes.hpp"

namespace autotuner::tuning {
namespace {

constexpr auto chat = "D(1000,500)";

spec::Task task_of(const std::string& model) {
  spec::Task task;
  task.name = "new";
  task.model.id_or_path = model;
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.space.parameters = {{"max-num-seqs", space::Choices{{8, 16, 32, 64, 128, 256}}},
                           {"block-size", space::Choices{{16, 32}}},
                           {"dtype", space::Choices{{"auto"}}}};
  task.search.kind = search::Kind::gp;
  task.goal.objective = metrics::Objective::maximize_throughput;
  metrics::Limit ttft;
  ttft.name = "ttft";
  ttft.threshold = 2;
  ttft.stat = "p90";
  task.goal.slo.limits = {ttft};
  task.workload.scenarios = {*load::Scenario::parse(chat)};
  task.workload.levels = {{4, std::nullopt}, {16, std::nullopt}};
  return task;
}

const Premises on_l4{.gpu = {"NVIDIA L4", 22.5}};

/// A finished run with as many successes, which ran out of memory with 256 sequences, too.
Run run_of(spec::Task task, int successes = 6) {
  tuning::Run run;
  task.name = "chat-a";
  run.premises = on_l4;
  run.state = TaskState::completed;
  for (int number = 1; number <= successes + 1; ++number) {
    Experiment experiment;
    experiment.number = number;
    experiment.engine_version = "0.9.1";
    experiment.parameters = {
        {"max-num-seqs", 8 << number % 5}, {"block-size", number % 2 == 0 ? 16 : 32}, {"dtype", "auto"}};
    if (number > successes) {
      experiment.parameters.set("max-num-seqs", 256);
      experiment.status = ExperimentStatus::failed;
      experiment.failure = engine::Failure{engine::FailureCode::not_ready, engine::FailureClass::oom,
                                           "CUDA out of memory", false};
      experiment.engine_version.clear();
    } else {
      experiment.status = ExperimentStatus::success;
      experiment.metrics =
          metrics::aggregate({test::fake_batch(chat, 4, 100 * number, 0.1 * number)}, {}, {}, 1);
      experiment.score = metrics::score(*experiment.metrics, task.goal);
    }
    run.experiments.push_back(std::move(experiment));
  }
  run.task = std::move(task);
  return run;
}

struct Case {
  std::string what;
  std::function<void(tuning::Run& earlier)> change;
  bool alike = false;
};

TEST(EarlierTasks, AreAlikeByEngineGpuModelAndLoad) {
  const auto workload = [](const std::vector<std::string>& scenarios,
                           const std::vector<load::Level>& levels) {
    return [scenarios, levels](tuning::Run& run) {
      run.task.workload.scenarios.clear();
      for (const auto& text : scenarios) run.task.workload.scenarios.push_back(*load::Scenario::parse(text));
      run.task.workload.levels = levels;
    };
  };
  const auto model = [](const std::string& id) {
    return [id](tuning::Run& run) { run.task.model.id_or_path = id; };
  };
  const std::vector<load::Level> same_levels = {{4, {}}, {16, {}}};
  const Case cases[] = {
      {"the same", [](tuning::Run&) {}, true},
      {"another engine", [](tuning::Run& run) { run.task.runtime = engine::RuntimeId::sglang; }},
      {"another GPU", [](tuning::Run& run) { run.premises->gpu.name = "NVIDIA B200"; }},
      {"no GPU", [](tuning::Run& run) { run.premises->gpu = {}; }},
      {"a run of an earlier version", [](tuning::Run& run) { run.premises.reset(); }},
      {"a model of like size", model("Llama-2-13B"), true},
      {"a model three times as large", model("Qwen2.5-32B")},
      {"a model without a size in its name", model("ours")},
      {"a mixture of experts",
       [](tuning::Run& run) {
         run.task.model.id_or_path = "ours";
         run.premises->model = predict::shape_from_facts({{"model", "Qwen2.5-7B"}});
         run.premises->model->experts = 8;
       }},
      {"half the tokens", workload({"D(500,250)"}, same_levels), true},
      {"a third of the tokens", workload({"D(333,500)"}, same_levels)},
      {"random lengths about as long", workload({"U(500,1500)/(400,600)"}, same_levels), true},
      {"one scenario more", workload({chat, "D(100,100)"}, same_levels), true},
      {"a data set", workload({"dataset"}, same_levels)},
      {"levels that overlap", workload({chat}, {{8, {}}, {64, {}}}), true},
      {"levels above", workload({chat}, {{32, {}}, {64, {}}})},
      {"requests at a rate", workload({chat}, {{1, 4.0}})},
  };
  for (const auto& example : cases) {
    auto earlier = run_of(task_of("Qwen2.5-7B"));
    example.change(earlier);
    EXPECT_EQ(is_alike(earlier, task_of("Qwen2.5-7B"), on_l4), example.alike) << example.what;
  }
}

TEST(EarlierTasks, CountGoodputUnderTheSameLimitsAlone) {
  auto task = task_of("Qwen2.5-7B");
  task.goal.objective = metrics::Objective::maximize_goodput;
  auto earlier = run_of(task);
  EXPECT_TRUE(is_alike(earlier, task, on_l4));
  earlier.task.goal.slo.limits[0].threshold = 3;
  EXPECT_FALSE(is_alike(earlier, task, on_l4));
}

TEST(EarlierTasks, BringTheirTrialsScoredByTheNewGoal) {
  auto old_goal = task_of("Qwen2.5-7B");
  old_goal.goal.objective = metrics::Objective::minimize_ttft;
  old_goal.goal.slo = {};
  const auto found = earlier_tasks(task_of("Qwen2.5-7B"), on_l4, true, std::vector{run_of(old_goal)});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "chat-a");
  ASSERT_EQ(found[0].trials.size(), 6U);
  const auto& first = found[0].trials.front();
  EXPECT_EQ(first.metrics.at("objective"), 100) << "tokens/s, not seconds";
  EXPECT_DOUBLE_EQ(first.metrics.at("p90_ttft"), 0.1);
  EXPECT_TRUE(first.expected.contains("objective")) << "an L4 and 7 billion parameters are known";
  EXPECT_EQ(first.point, (space::Point{{"max-num-seqs", 16}, {"block-size", 32}})) << "dtype is fixed";
}

TEST(EarlierTasks, NeedFiveSuccessesOnTheSameBasis) {
  const auto task = task_of("Qwen2.5-7B");
  EXPECT_TRUE(earlier_tasks(task, on_l4, true, std::vector{run_of(task, 4)}).empty());
  EXPECT_EQ(earlier_tasks(task, on_l4, true, std::vector{run_of(task, 5)}).size(), 1U);
  EXPECT_TRUE(earlier_tasks(task, on_l4, false, std::vector{run_of(task, 5)}).empty()) << "per GPU there";
}

TEST(EarlierTasks, AreThreeAtMostAndTwoHundredTrials) {
  const auto task = task_of("Qwen2.5-7B");
  const std::vector<tuning::Run> many{run_of(task, 90), run_of(task, 90), run_of(task, 90), run_of(task, 90)};
  const auto found = earlier_tasks(task, on_l4, true, many);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].trials.size() + found[1].trials.size() + found[2].trials.size(), 200U);
  EXPECT_EQ(found[0].trials.size(), 90U) << "the newest whole";
}

TEST(EarlierTasks, OfTheSameModelSayWhatRunsOutOfMemory) {
  const auto task = task_of("Qwen2.5-7B");
  Premises premises = on_l4;
  premises.earlier = earlier_tasks(task, on_l4, true, std::vector{run_of(task)});
  const auto known = known_failures(premises, "0.9.1");
  ASSERT_EQ(known.size(), 1U);
  EXPECT_LT(known[0].number, 0);
  EXPECT_EQ(known[0].failure, search::Failure::out_of_memory);
  EXPECT_EQ(*known[0].point.find("max-num-seqs"), space::Value(256));
  EXPECT_TRUE(known_failures(premises, "0.9.2").empty()) << "another version may need less";
  EXPECT_TRUE(known_failures(premises, "").empty());
  premises.earlier = earlier_tasks(task, on_l4, true, std::vector{run_of(task_of("Llama-2-13B"))});
  EXPECT_TRUE(known_failures(premises, "0.9.1").empty()) << "another model";
  const Premises slice{.gpu = {"NVIDIA L4", 11}};
  premises.earlier = earlier_tasks(task, slice, true, std::vector{run_of(task)});
  EXPECT_EQ(premises.earlier.size(), 1U);
  EXPECT_TRUE(known_failures(premises, "0.9.1").empty()) << "other memory";
}

TEST(EarlierTasks, LeaveSecretsWhereTheyWere) {
  auto earlier = run_of(task_of("Qwen2.5-7B"));
  for (auto& experiment : earlier.experiments) experiment.parameters.set("api-key", "planted");
  Premises premises = on_l4;
  premises.earlier = earlier_tasks(task_of("Qwen2.5-7B"), on_l4, true, std::vector{earlier});
  ASSERT_EQ(premises.earlier.size(), 1U);
  EXPECT_EQ(base::to_compact_text(to_json(premises)).find("planted"), std::string::npos);
}

TEST(EarlierTasks, AreNamedWithWhatIsAlike) {
  const auto task = task_of("Qwen2.5-7B");
  auto other = run_of(task_of("Llama-2-13B"), 5);
  other.task.name = "chat-b";
  other.task.workload.levels = {{8, {}}};
  Premises premises = on_l4;
  EXPECT_EQ(starting_words(premises), "");
  premises.earlier = earlier_tasks(task, on_l4, true, std::vector{run_of(task), other});
  EXPECT_EQ(starting_words(premises),
            "starts from 2 earlier tasks on NVIDIA L4: chat-a (6 trials, same model and load), chat-b (5 "
            "trials, model Llama-2-13B, other load)");
}

}  // namespace
}  // namespace autotuner::tuning
