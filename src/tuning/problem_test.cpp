#include "tuning/problem.hpp"

#include <gtest/gtest.h>

#include "tests/support/finished_run.hpp"

namespace autotuner::tuning {
namespace {

metrics::Limit limit(const std::string& name, double threshold, const std::string& stat = "mean") {
  metrics::Limit made;
  made.name = name;
  made.threshold = threshold;
  made.stat = stat;
  return made;
}

TEST(Problem, NamesTheObjectiveAndEveryLimitByTheMetricsOfAnExperiment) {
  test::FinishedRun finished;
  auto& goal = finished.run().task.goal;
  goal.slo.limits = {limit("ttft", 1.0, "p90"), limit("success_rate", 0.9)};
  auto experiment = finished.run().experiments[1];
  experiment.score = metrics::score(*experiment.metrics, goal);
  const auto problem = problem_of(goal);
  const auto metrics = metrics_of(experiment);
  ASSERT_TRUE(problem.objective);
  EXPECT_EQ(problem.objective->direction, search::Direction::maximize);
  EXPECT_DOUBLE_EQ(metrics.at(problem.objective->metric), 75);
  ASSERT_EQ(problem.slos.size(), 2U);
  EXPECT_DOUBLE_EQ(metrics.at(problem.slos[0].metric), 0.7);
  EXPECT_DOUBLE_EQ(problem.slos[0].max, 1.0);
  EXPECT_DOUBLE_EQ(metrics.at(problem.slos[1].metric), 1.0) << "every request succeeded";
  EXPECT_DOUBLE_EQ(problem.slos[1].max, 1 / 0.9);
}

TEST(Problem, WantsSeveralMetricsInTheirDirections) {
  test::FinishedRun finished;
  auto& goal = finished.run().task.goal;
  goal.objectives = {{"mean_total_throughput", true}, {"p90_ttft", false}};
  auto experiment = finished.run().experiments[1];
  experiment.score = metrics::score(*experiment.metrics, goal);
  const auto problem = problem_of(goal);
  ASSERT_EQ(problem.objectives.size(), 2U);
  EXPECT_EQ(problem.objectives[0].direction, search::Direction::maximize);
  EXPECT_EQ(problem.objectives[1].direction, search::Direction::minimize);
  const auto metrics = metrics_of(experiment);
  EXPECT_DOUBLE_EQ(metrics.at(problem.objectives[0].metric), 75);
  EXPECT_DOUBLE_EQ(metrics.at(problem.objectives[1].metric), 0.7);
}

TEST(Problem, MinimisesLatencies) {
  metrics::Goal goal;
  goal.objective = metrics::Objective::minimize_ttft;
  EXPECT_EQ(problem_of(goal).objective->direction, search::Direction::minimize);
}

TEST(Problem, RanksWhatKeepsALimitBeforeWhatIsAHalfFasterAndBreaksIt) {
  metrics::Goal goal;
  goal.objective = metrics::Objective::maximize_throughput;
  goal.slo.limits = {limit("ttft", 1.0, "p90")};
  const auto problem = problem_of(goal);
  const auto score = [&](double throughput, double ttft) {
    return *search::soft_score(*problem.objective, problem.slos,
                               {{"objective", throughput}, {"p90_ttft", ttft}});
  };
  EXPECT_GT(score(100, 0.99), score(150, 1.06));
  EXPECT_GT(score(100, 1.5), score(100, 1.6)) << "beyond the limit there is a slope";
}

TEST(Problem, RanksParametersByWhatTheyDecide) {
  spec::Task task;
  task.runtime = engine::RuntimeId::vllm;
  task.space.parameters = {{"max-num-seqs", space::Choices{{64, 256}}},
                           {"tensor-parallel-size", space::Choices{{1, 2}}},
                           {"env.OMP_NUM_THREADS", space::Choices{{1, 8}}},
                           {"client.concurrency", space::Choices{{8, 16}}}};
  const auto knobs = knobs_of(task);
  ASSERT_EQ(knobs.size(), 4U);
  EXPECT_EQ(knobs[1], (search::Knob{.name = "tensor-parallel-size", .group_rank = 0}));
  EXPECT_GT(knobs[0].group_rank, knobs[1].group_rank);
  EXPECT_EQ(knobs[2].group_rank, -1);
  EXPECT_EQ(knobs[3].scope, search::Scope::client);
}

TEST(Problem, TellsNoMetricsOfAFailure) {
  test::FinishedRun finished;
  EXPECT_TRUE(metrics_of(finished.run().experiments[3]).empty());
}

TEST(FailureOf, SaysWhichWayMemoryRanOut) {
  test::FinishedRun finished;
  auto experiment = finished.run().experiments[3];
  EXPECT_EQ(failure_of(experiment), search::Failure::out_of_memory);
  experiment.stage = 2;
  EXPECT_EQ(failure_of(experiment), search::Failure::out_of_memory_load);
  experiment.stage = 1;
  experiment.log_tail = "ValueError: No available memory for the cache blocks. Try increasing ...";
  EXPECT_EQ(failure_of(experiment), search::Failure::no_cache_room);
  experiment.failure->cls = engine::FailureClass::bad_flag;
  EXPECT_EQ(failure_of(experiment), search::Failure::invalid);
  experiment.failure->cls = engine::FailureClass::timeout;
  EXPECT_EQ(failure_of(experiment), search::Failure::timeout);
  EXPECT_EQ(failure_of(finished.run().experiments[1]), search::Failure::none);
}

}  // namespace
}  // namespace autotuner::tuning
