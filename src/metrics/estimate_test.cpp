#include "metrics/estimate.hpp"

#include <gtest/gtest.h>

namespace autotuner::metrics {
namespace {

Batch level(int concurrency, double throughput, double reach) {
  Batch batch;
  batch.scenario = "D(100,100)";
  batch.num_concurrency = concurrency;
  batch.num_requests = batch.num_completed_requests = 100;
  batch.mean_total_throughput = batch.mean_output_throughput = throughput;
  batch.ci95["mean_total_throughput"] = {throughput * (1 - reach), throughput * (1 + 2 * reach)};
  batch.ci95["mean_output_throughput"] = batch.ci95["mean_total_throughput"];
  return batch;
}

TEST(Estimate, HasTheIntervalOfItsBatchAlsoPerGpu) {
  const auto batch = level(4, 1000, 0.02);
  const auto estimate = estimate_of(500, "mean_total_throughput_per_gpu", {&batch});
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->value, 500);
  EXPECT_NEAR(estimate->below, 0.02, 1e-12);
  EXPECT_NEAR(estimate->above, 0.04, 1e-12);
}

TEST(Estimate, OfAMeanAddsTheReachesOfIndependentFigures) {
  const auto a = level(1, 300, 0.1);
  const auto b = level(2, 400, 0.1);
  const auto estimate = estimate_of(350, "mean_total_throughput", {&a, &b});
  ASSERT_TRUE(estimate);
  EXPECT_NEAR(estimate->below, 50.0 / 700, 1e-12);  // sqrt(30^2 + 40^2)
}

TEST(Estimate, IsNoneWhereALevelHasNoInterval) {
  const auto known = level(1, 300, 0.1);
  auto unknown = level(2, 300, 0.1);
  unknown.ci95.clear();
  EXPECT_FALSE(estimate_of(300, "mean_total_throughput", {&known, &unknown}));
  EXPECT_FALSE(estimate_of(300, "mean_total_throughput", {}));
  EXPECT_FALSE(estimate_of(0, "mean_total_throughput", {&known}));
}

TEST(Estimate, OfGoodputIsWideWhereFewRequestsAreGood) {
  auto batch = level(4, 1000, 0.02);
  batch.goodput = 2;
  batch.goodput_ratio = 0.9;
  const auto most = estimate_of(2, "goodput", {&batch});
  batch.goodput_ratio = 0.1;
  const auto few = estimate_of(2, "goodput", {&batch});
  ASSERT_TRUE(most && few);
  EXPECT_GT(most->below, 0.1);  // sqrt(0.1 / 0.9 / 25) * 1.96 = 0.13
  EXPECT_LT(most->below, 0.15);
  EXPECT_GT(few->below, 1);
}

TEST(Estimate, IsMadeOfTheBatchesThatTheScoreIsOf) {
  Metrics metrics;
  metrics.kept = {level(1, 100, 0.1), level(4, 300, 0.1), level(8, 200, 0.1)};
  Goal goal;
  goal.objective = Objective::maximize_throughput;
  EXPECT_EQ(scored_batches(metrics, goal, score(metrics, goal)).size(), 3U);
  goal.at = {BasisKind::level, 8};
  const auto at_level = scored_batches(metrics, goal, score(metrics, goal));
  ASSERT_EQ(at_level.size(), 1U);
  EXPECT_EQ(at_level[0]->num_concurrency, 8);
  goal.at = {BasisKind::best_point, 0};
  const auto best = scored_batches(metrics, goal, score(metrics, goal));
  ASSERT_EQ(best.size(), 1U);
  EXPECT_EQ(best[0]->num_concurrency, 4);
}

}  // namespace
}  // namespace autotuner::metrics
