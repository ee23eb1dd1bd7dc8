#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spec/load_task.hpp"
#include "tests/support/task_documents.hpp"

namespace autotuner::spec {
namespace {

using test::all_problems;
using test::load_patched;
using test::problem_at;
using testing::HasSubstr;
using testing::Not;

TEST(CrossCheck, SaysThatTheStopRuleNeedsAModel) {
  const auto grid = load_patched(R"j({"optimization": {"stop_when_converged": true}})j");
  EXPECT_THAT(problem_at(grid, "optimization.stop_when_converged").message,
              HasSubstr("has no effect with the strategy grid_search"));
  const auto model =
      load_patched(R"j({"optimization": {"stop_when_converged": true, "strategy": "bayesian"}})j");
  EXPECT_TRUE(model.task->running.stop_when_converged);
  EXPECT_THAT(all_problems(model), Not(HasSubstr("stop_when_converged")));
}

TEST(CrossCheck, SaysThatAWarmStartNeedsAStrategyWithAPrior) {
  for (const auto* strategy : {R"("strategy": "grid_search")", R"("strategy": "tpe")"}) {
    const auto without =
        load_patched(std::string(R"j({"optimization": {"warm_start": true, )j") + strategy + "}}");
    ASSERT_TRUE(without.task);
    EXPECT_EQ(problem_at(without, "optimization.warm_start").code, "no_effect") << strategy;
    EXPECT_FALSE(without.task->running.warm_start);
  }
  const auto reference = load_patched(
      R"j({"compat": "reference", "optimization": {"warm_start": true, "strategy": "bayesian"}})j");
  ASSERT_TRUE(reference.task);
  EXPECT_FALSE(reference.task->running.warm_start);
  const auto model = load_patched(R"j({"optimization": {"warm_start": true, "strategy": "bayesian"}})j");
  EXPECT_TRUE(model.task->running.warm_start);
  EXPECT_THAT(all_problems(model), Not(HasSubstr("warm_start")));
}

TEST(CrossCheck, WarnsWhenMeasuringMayOutlastAnExperiment) {
  const auto loaded = load_patched(
      R"j({"optimization": {"timeout_per_iteration": 600}, "benchmark": {"max_seconds_per_run": null, "num_concurrency": [1, 4]}})j");
  ASSERT_TRUE(loaded.task);
  EXPECT_EQ(problem_at(loaded, "optimization.timeout_per_iteration").message,
            "is 10 min 00 s, but starting the engine and measuring 1 x 2 levels may take 20 min 02 s; raise "
            "it, or lower "
            "benchmark.max_time_per_iteration (minutes) or max_seconds_per_run");
}

TEST(CrossCheck, WarnsWhenTheHighestLevelIsNeverReached) {
  EXPECT_THAT(problem_at(load_patched(R"j({"benchmark": {"num_concurrency": [1, 64]}})j"),
                         "benchmark.max_requests_per_iteration")
                  .message,
              HasSubstr("is 50, fewer than the highest concurrency, 64"));
}

TEST(CrossCheck, WarnsWhenAGridIsCut) {
  const auto loaded = load_patched(
      R"j({"parameters": {"max-num-seqs": [1, 2, 3, 4, 5]}, "optimization": {"max_iterations": 3}})j");
  ASSERT_TRUE(loaded.task);
  EXPECT_THAT(problem_at(loaded, "optimization.max_iterations").message,
              HasSubstr("is 3: the grid has 5 configurations"));
  const auto equal = load_patched(
      R"j({"parameters": {"max-num-seqs": [1, 1, 2, 3]}, "optimization": {"max_iterations": 2}})j");
  EXPECT_THAT(problem_at(equal, "optimization.max_iterations").message,
              HasSubstr("the grid has 3 (of 4 points) configurations"));
  const auto huge = load_patched(
      R"j({"parameters": {"max-num-seqs": {"type": "integer", "low": 1, "high": 900}, "seed": {"type": "integer", "low": 1, "high": 900}}})j");
  EXPECT_THAT(problem_at(huge, "optimization.max_iterations").message,
              HasSubstr("the grid has 810000 configurations"));
  const auto random = load_patched(
      R"j({"parameters": {"max-num-seqs": [1, 2, 3]}, "optimization": {"max_iterations": 2, "strategy": "random"}})j");
  EXPECT_TRUE(random.problems.empty()) << all_problems(random);
}

TEST(CrossCheck, HoldsTheObjectiveAgainstLevelsAndLimits) {
  EXPECT_THAT(
      problem_at(
          load_patched(R"j({"optimization": {"objective": "minimize_ttft", "objective_at": "best_point"}})j"),
          "optimization.objective_at")
          .message,
      HasSubstr("which with minimize_ttft always picks the lowest level"));
  EXPECT_EQ(
      problem_at(load_patched(R"j({"optimization": {"objective_at": 8}})j"), "optimization.objective_at")
          .message,
      "is 8; must be one of the levels in benchmark.num_concurrency, 1, 4");
  EXPECT_EQ(load_patched(R"j({"optimization": {"objective_at": 4}})j").task->goal.at,
            (metrics::Basis{metrics::BasisKind::level, 4}));
  EXPECT_EQ(
      problem_at(load_patched(R"j({"optimization": {"objective_at": 0}})j"), "optimization.objective_at")
          .message,
      "is 0; must be at least 1");
  EXPECT_EQ(
      problem_at(load_patched(R"j({"optimization": {"objective_at": "best"}})j"), "optimization.objective_at")
          .code,
      "not_allowed");
  EXPECT_THAT(problem_at(load_patched(R"j({"optimization": {"objective": "maximize_goodput"}})j"),
                         "optimization.objective")
                  .message,
              HasSubstr("slo has none of ttft, tpot and latency"));
  EXPECT_EQ(problem_at(load_patched(R"j({"slo": {"success_rate": {"threshold": 99}}})j"),
                       "slo.success_rate.threshold")
                .message,
            "is 99; must be between 0 and 1");
}

TEST(CrossCheck, ComparesPerGpuOnlyWhenEveryConfigurationHasOne) {
  EXPECT_TRUE(
      load_patched(
          R"j({"base_runtime": "vllm", "parameters": {"max-num-seqs": [32]}, "optimization": {"timeout_per_iteration": 1800}})j")
          .task->per_gpu);
  const std::string llama =
      R"j({"base_runtime": "llamacpp", "parameters": {"max-num-seqs": null, "threads": [1, 2], "n-gpu-layers": [0, 99]}})j";
  EXPECT_FALSE(load_patched(llama).task->per_gpu);
  EXPECT_FALSE(load_patched(llama, {.strict = false, .host_gpus = 1}).task->per_gpu);
  const std::string on_gpu =
      R"j({"base_runtime": "llamacpp", "parameters": {"max-num-seqs": null, "threads": [1, 2], "n-gpu-layers": 99}})j";
  EXPECT_TRUE(load_patched(on_gpu, {.strict = false, .host_gpus = 1}).task->per_gpu);
}

TEST(CrossCheck, RefusesASpaceWithoutAnyConfigurationThatCanRun) {
  const auto loaded =
      load_patched(R"j({"parameters": {"max-num-seqs": [32]}, "constraints": ["max-num-seqs > 100"]})j");
  EXPECT_FALSE(loaded.task);
  const auto problem = test::problem_with(loaded, "no_configuration");
  EXPECT_THAT(problem.message, HasSubstr("leave no configuration that can run (of 1)"));
  EXPECT_THAT(problem.message, HasSubstr("max-num-seqs > 100"));
}

TEST(CrossCheck, ReadsConstraintsAndNamesWhatTheyDoNotFind) {
  const auto loaded =
      load_patched(R"j({"constraints": ["max-num-seqs <= 64", "max-num-seq > 1", "max-num-seqs >"]})j");
  EXPECT_THAT(problem_at(loaded, "constraints[1]").message, HasSubstr("did you mean max-num-seqs?"));
  EXPECT_THAT(problem_at(loaded, "constraints[2]").message, HasSubstr("is \"max-num-seqs >\": "));
}

struct Wrong {
  std::string_view patch;
  std::string_view path;
  std::string_view message;
};

TEST(Workload, NamesWhatDoesNotFit) {
  const std::vector<Wrong> cases = {
      {R"j({"benchmark": {"traffic_scenarios": ["D(100)"]}})j", "benchmark.traffic_scenarios[0]", "D(100)"},
      {R"j({"benchmark": {"traffic_scenarios": ["dataset"]}})j", "benchmark.dataset_url",
       "the scenario dataset needs one"},
      {R"j({"benchmark": {"dataset_url": "data.csv"}})j", "benchmark.dataset_url",
       "must be an http(s) URL, a file:// URL or an absolute path"},
      {R"j({"benchmark": {"prefix_len": 200}})j", "benchmark.prefix_len",
       "must be at most the input of D(100,100), 100"},
      {R"j({"benchmark": {"prefix_len": 20, "prefix_ratio": 0.5}})j", "benchmark.prefix_ratio",
       "stands beside prefix_len"},
      {R"j({"benchmark": {"prefix_ratio": 0.5, "traffic_scenarios": ["U(10,20)"]}})j",
       "benchmark.prefix_ratio", "needs scenarios of fixed length"},
      {R"j({"benchmark": {"warmup_ratio": 0.5, "cooldown_ratio": 0.5}})j", "benchmark.warmup_ratio",
       "together they must be less than 1"},
      {R"j({"benchmark": {"prefix_ratio": 2}})j", "benchmark.prefix_ratio", "is 2; must be between 0 and 1"},
      {R"j({"benchmark": {"max_requests_per_iteration": 9999999999}})j",
       "benchmark.max_requests_per_iteration", "must be at most 2000000000"},
      {R"j({"benchmark": {"max_seconds_per_run": 1e300}})j", "benchmark.max_seconds_per_run",
       "must be at most 2000000000"},
      {R"j({"benchmark": {"additional_params": []}})j", "benchmark.additional_params",
       "is []; must be an object"},
      {R"j({"benchmark": {"ignore_eos": 1}})j", "benchmark.ignore_eos", "is 1; must be true or false"},
      {R"j({"benchmark": {"num_concurrency": {"a": 1}}})j", "benchmark.num_concurrency",
       "must be a list of whole numbers"},
      {R"j({"benchmark": {"num_concurrency": [1.5]}})j", "benchmark.num_concurrency[0]",
       "is 1.5; must be a list of whole numbers"},
      {R"j({"tags": [["a"]]})j", "tags[0]", "is [\"a\"]; must be a list of text"},
      {R"j({"applied_presets": 1})j", "applied_presets", "is 1; must be a list"},
      {R"j({"schema_version": 2})j", "schema_version", "is 2; must be 1"},
      {R"j({"model": "m"})j", "model", "is \"m\"; must be an object"},
  };
  for (const auto& wrong : cases) {
    const auto loaded = load_patched(wrong.patch);
    EXPECT_FALSE(loaded.task) << wrong.patch;
    EXPECT_THAT(problem_at(loaded, wrong.path).message, HasSubstr(std::string(wrong.message)))
        << wrong.patch << "\n"
        << all_problems(loaded);
  }
}

TEST(Workload, MeasuresRepeatedScenariosAndLevelsOnce) {
  const auto loaded = load_patched(
      R"j({"benchmark": {"traffic_scenarios": ["D(5,5)", "D(5,5)"], "num_concurrency": [2, 2.0, 3]
}
})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->workload.scenarios.size(), 1U);
  EXPECT_EQ(loaded.task->workload.levels.size(), 2U);
  EXPECT_EQ(problem_at(loaded, "benchmark.traffic_scenarios[1]").message,
            "is \"D(5,5)\" again; it is measured once");
  EXPECT_EQ(problem_at(loaded, "benchmark.num_concurrency[1]").message, "is 2 again; it is measured once");
}

TEST(Workload, UsesDefaultsForEmptyLists) {
  const auto loaded = load_patched(R"j({"benchmark": {"traffic_scenarios": [], "num_concurrency": []}})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->workload.scenarios[0].text(), "D(100,100)");
  EXPECT_EQ(loaded.task->workload.levels.size(), 1U);
  EXPECT_EQ(loaded.problems.size(), 2U);
}

TEST(Workload, SendsADataSetAsItIsWithoutAScenario) {
  const auto loaded = load_patched(R"j({"benchmark": {"dataset_url": "https://example.com/x.csv"}})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->workload.scenarios[0].text(), "dataset");
}

}  // namespace
}  // namespace autotuner::spec
