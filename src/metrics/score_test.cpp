#include "metrics/score.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;

Goal goal_of(Objective objective, Slo slo = {}, Basis at = {}) {
  Goal goal;
  goal.objective = objective;
  goal.slo = std::move(slo);
  goal.at = at;
  return goal;
}

TEST(Objective, HasANameAndAMetric) {
  EXPECT_EQ(objective_names().size(), 5U);
  for (const auto name : objective_names()) EXPECT_EQ(to_text(*objective_from_text(name)), name);
  EXPECT_FALSE(objective_from_text("maximize_fun"));
  EXPECT_EQ(objective_metric(Objective::maximize_throughput, true), "mean_total_throughput_per_gpu");
  EXPECT_EQ(objective_metric(Objective::maximize_throughput, false), "mean_total_throughput");
  EXPECT_EQ(objective_metric(Objective::maximize_goodput, true), "goodput_per_gpu");
  EXPECT_EQ(objective_metric(Objective::minimize_latency, true), "mean_e2e_latency");
  EXPECT_EQ(objective_metric(Objective::minimize_ttft, true), "mean_ttft");
  EXPECT_EQ(objective_metric(Objective::minimize_tpot, true), "mean_tpot");
}

TEST(BaseScore, FollowsTheFallbacks) {
  EXPECT_EQ(base_score(values_of({{"p50_e2e_latency", 3}}), Objective::minimize_latency), 3);
  EXPECT_EQ(
      base_score(values_of({{"mean_e2e_latency", 4}, {"p50_e2e_latency", 3}}), Objective::minimize_latency),
      4);
  EXPECT_EQ(base_score(values_of({{"mean_output_throughput", 5}}), Objective::maximize_throughput), -5);
  EXPECT_EQ(base_score(values_of({{"mean_total_throughput", 9}, {"mean_output_throughput", 5}}),
                       Objective::maximize_throughput),
            -9);
  EXPECT_FALSE(base_score(values_of({{"mean_total_throughput_per_gpu", 0}, {"mean_total_throughput", 5}}),
                          Objective::maximize_throughput));
  EXPECT_EQ(base_score(values_of({{"max_total_throughput", 7}}), Objective::maximize_throughput), -7);
  EXPECT_EQ(base_score(values_of({{"mean_ttft", 0.2}}), Objective::minimize_ttft), 0.2);
  EXPECT_EQ(base_score(values_of({{"mean_tpot", 0.01}}), Objective::minimize_tpot), 0.01);
  EXPECT_EQ(base_score(values_of({{"goodput_per_gpu", 2}, {"goodput", 4}}), Objective::maximize_goodput), -2);
  EXPECT_EQ(base_score(values_of({{"goodput", 4}}), Objective::maximize_goodput), -4);
  EXPECT_FALSE(base_score({}, Objective::minimize_latency));
  EXPECT_FALSE(base_score(values_of({{"mean_ttft", std::numeric_limits<double>::infinity()}}),
                          Objective::minimize_ttft));
}

TEST(BaseScore, TakesNoGoodRequestForAResult) {
  const auto score = base_score(values_of({{"goodput", 0}}), Objective::maximize_goodput);
  ASSERT_TRUE(score);
  EXPECT_EQ(*score, 0);
  EXPECT_FALSE(std::signbit(*score));
}

TEST(Score, AddsPenalties) {
  const auto latency = [](double base, const MetricValues& values, std::vector<Limit> limits) {
    auto metrics = values_of(values);
    metrics.values.set("mean_e2e_latency", base);
    return score(metrics, goal_of(Objective::minimize_latency, slo_of(std::move(limits))));
  };
  EXPECT_NEAR(*latency(2.2, {{"p50_e2e_latency", 2.2}}, {limit("latency.p50", 2)}).score, 8.180220023, 1e-8);
  EXPECT_NEAR(*latency(2.5, {{"p90_e2e_latency", 6.25}}, {hard("latency.p90", 5, 0.3, 2)}).score,
              63.412469804, 1e-8);
  const auto violated = latency(2.5, {{"p90_e2e_latency", 6.5}}, {hard("latency.p90", 5, 0.2, 2)});
  EXPECT_FALSE(violated.score);
  EXPECT_EQ(violated.value, 2.5);
  EXPECT_EQ(violated.slo.verdict, SloVerdict::violated);
  EXPECT_NEAR(
      *latency(
           2.5,
           {{"p50_e2e_latency", 2.3}, {"p90_e2e_latency", 5.5}, {"p99_e2e_latency", 11}, {"mean_ttft", 1.2}},
           {limit("latency.p50", 2), limit("latency.p90", 5, 2), limit("latency.p99", 10, 3),
            limit("ttft", 1, 2)})
           .score,
      84.628026026, 1e-8);
  EXPECT_EQ(*latency(1.5, {}, {}).score, 1.5);
}

TEST(Score, MovesNegativeScoresTowardsAndPastZero) {
  const auto at_weight = [](double weight) {
    return *score(values_of({{"mean_total_throughput_per_gpu", 1000}, {"mean_ttft", 1.1}}),
                  goal_of(Objective::maximize_throughput, slo_of({limit("ttft", 1, weight)})))
                .score;
  };
  EXPECT_NEAR(at_weight(0.5), 359.140914230, 1e-6);
  EXPECT_NEAR(at_weight(1), 1718.281828459, 1e-6);
  EXPECT_NEAR(at_weight(2), 4436.563656918, 1e-6);
}

TEST(Score, NamesTheMetricThatItRead) {
  const auto plain =
      score(values_of({{"mean_output_throughput", 5}}), goal_of(Objective::maximize_throughput));
  EXPECT_EQ(plain.metric, "mean_output_throughput");
  EXPECT_EQ(plain.value, 5);
  const auto none = score({}, goal_of(Objective::maximize_throughput));
  EXPECT_EQ(none.metric, "mean_total_throughput");
  EXPECT_FALSE(none.score);
  EXPECT_FALSE(none.value);
}

TEST(Score, IsNeverInfinite) {
  const auto huge = score(values_of({{"mean_e2e_latency", 1e10}, {"mean_ttft", 1e9}}),
                          goal_of(Objective::minimize_latency, slo_of({limit("ttft", 1e-6, 1e10)})));
  EXPECT_FALSE(huge.score);
  EXPECT_EQ(huge.value, 1e10);
}

Goal with_objectives(Goal goal) {
  goal.objectives = {{"mean_total_throughput_per_gpu", true}, {"p90_e2e_latency", false}};
  return goal;
}

Metrics gold_a(const Slo& slo) {
  return aggregate({batch_at(32, 3000, 5), batch_at(64, 3900, 7.1)}, {}, slo, 1);
}
Metrics gold_b(const Slo& slo) {
  return aggregate({batch_at(64, 4100, 8.4)}, {}, slo, 1);
}

TEST(BestPoint, MatchesTheGold) {
  const auto slo = slo_of({limit("latency.p90", 8)});
  const auto goal = goal_of(Objective::maximize_throughput, slo, {.kind = BasisKind::best_point});
  const auto a = score(gold_a(slo), goal);
  EXPECT_EQ(a.score, -3900);
  EXPECT_EQ(a.value, 3900);
  EXPECT_EQ(a.slo.verdict, SloVerdict::met);
  EXPECT_EQ(a.metric, "mean_total_throughput_per_gpu");
  EXPECT_THAT(a.best_points, ::testing::ElementsAre(OperatingPoint{"D(100,100)", {.concurrency = 64}}));
  const auto b = score(gold_b(slo), goal);
  EXPECT_NEAR(*b.score, 2659.757, 1e-3);
  EXPECT_EQ(b.slo.verdict, SloVerdict::missed);
  EXPECT_EQ(b.value, 4100);
}

TEST(Score, ReadsSeveralObjectivesOnTheScoredBasis) {
  const auto slo = slo_of({limit("latency.p90", 8)});
  const auto a = gold_a(slo);
  const auto wanted = [&](Basis at) {
    return score(a, with_objectives(goal_of(Objective::maximize_throughput, slo, at))).objectives;
  };
  using Expected = std::map<std::string, double>;
  EXPECT_EQ(wanted({.kind = BasisKind::best_point}),
            (Expected{{"mean_total_throughput_per_gpu", 3900}, {"p90_e2e_latency", 7.1}}));
  EXPECT_EQ(wanted({.kind = BasisKind::level, .level = 32}),
            (Expected{{"mean_total_throughput_per_gpu", 3000}, {"p90_e2e_latency", 5}}));
  EXPECT_EQ(wanted({.kind = BasisKind::mean}),
            (Expected{{"mean_total_throughput_per_gpu", 3450}, {"p90_e2e_latency", 6.05}}));
  const auto no_gpus = aggregate({batch_at(32, 3000, 5)}, {}, slo, 0);
  EXPECT_EQ(score(no_gpus, with_objectives(goal_of(Objective::maximize_throughput))).objectives,
            (Expected{{"mean_total_throughput_per_gpu", 3000}, {"p90_e2e_latency", 5}}));
  EXPECT_TRUE(score({}, with_objectives(goal_of(Objective::maximize_throughput))).objectives.empty());
}

TEST(BestPoint, PrefersMetThenScoreThenThroughputThenTheLowerLevel) {
  const auto best = [](std::vector<Batch> batches, const Slo& slo, Objective objective) {
    const auto scored = score(aggregate(std::move(batches), {}, slo, 0), goal_of(objective, slo));
    return scored.best_points.at(0).level.concurrency;
  };
  const auto slo = slo_of({limit("latency.p90", 8)});
  EXPECT_EQ(best({batch_at(1, 10, 5), batch_at(2, 900, 8.1)}, slo, Objective::maximize_throughput), 1);
  EXPECT_EQ(best({batch_at(1, 10, 5), batch_at(2, 900, 7)}, slo, Objective::maximize_throughput), 2);
  EXPECT_EQ(best({batch_at(1, 10, 5), batch_at(2, 900, 5)}, {}, Objective::minimize_latency), 2);
  EXPECT_EQ(best({batch_at(2, 900, 5), batch_at(1, 900, 5)}, {}, Objective::minimize_latency), 1);
  const auto strict = slo_of({hard("latency.p90", 1)});
  EXPECT_EQ(best({batch_at(1, 10, 5), batch_at(2, 900, 9)}, strict, Objective::maximize_throughput), 2);
}

TEST(BestPoint, AveragesScenariosAndTakesTheWorstVerdict) {
  const auto slo = slo_of({limit("latency.p90", 8)});
  const auto goal = goal_of(Objective::maximize_throughput, slo, {.kind = BasisKind::best_point});
  const auto metrics = aggregate({batch_at(1, 100, 5), batch_at(1, 300, 8.4, "D(9,9)")}, {}, slo, 0);
  const auto scored = score(metrics, goal);
  EXPECT_NEAR(*scored.score, (-100 - 300 + 300 * std::exp(0.5)) / 2, 1e-6);
  EXPECT_EQ(scored.value, 200);
  EXPECT_EQ(scored.slo.verdict, SloVerdict::missed);
  EXPECT_EQ(scored.slo.checks.at(0).actual, 8.4);
  EXPECT_EQ(scored.best_points.size(), 2U);
}

TEST(BestPoint, HasNoScoreWhileAScenarioIsMissing) {
  const Slo slo;
  const auto goal = goal_of(Objective::maximize_throughput, slo, {.kind = BasisKind::best_point});
  EXPECT_FALSE(
      score(aggregate({batch_at(1, 100, 5)}, {{"D(9,9)", {.concurrency = 1}, "stopped_early"}}, slo, 0), goal)
          .score);
  EXPECT_TRUE(
      score(aggregate({batch_at(1, 100, 5)}, {{"D(100,100)", {.concurrency = 9}, "stopped_early"}}, slo, 0),
            goal)
          .score);
  EXPECT_FALSE(score({}, goal).score);
  auto silent = batch_at(1, 0, 5, "D(9,9)");
  EXPECT_FALSE(score(aggregate({batch_at(1, 100, 5), silent}, {}, slo, 0), goal).value);
}

TEST(BestPoint, HasNoScoreWhenItsBestPointViolates) {
  const auto slo = slo_of({hard("latency.p90", 1)});
  const auto scored = score(aggregate({batch_at(1, 100, 5)}, {}, slo, 0),
                            goal_of(Objective::maximize_throughput, slo, {.kind = BasisKind::best_point}));
  EXPECT_FALSE(scored.score);
  EXPECT_EQ(scored.value, 100);
  EXPECT_EQ(scored.slo.verdict, SloVerdict::violated);
}

TEST(LevelBasis, ScoresOneLevelOverAllScenariosDroppedOnesToo) {
  const auto slo = slo_of({hard("latency.p90", 5, 0.1)});
  const auto metrics = aggregate(
      {batch_at(1, 100, 1), batch_at(4, 300, 4), batch_at(4, 500, 4, "D(9,9)"), batch_at(8, 900, 9)},
      {{"D(9,9)", {.concurrency = 16}, "all failed"}}, slo, 2);
  const auto at = [&](int level) {
    return score(metrics, goal_of(Objective::maximize_throughput, slo, {BasisKind::level, level}));
  };
  EXPECT_EQ(at(4).score, -200);
  EXPECT_EQ(at(4).value, 200);
  EXPECT_EQ(at(8).slo.verdict, SloVerdict::violated);
  EXPECT_EQ(at(8).value, 450);
  EXPECT_FALSE(at(2).score);
  EXPECT_FALSE(at(2).value);
  EXPECT_EQ(at(2).slo.verdict, SloVerdict::none);
}

TEST(LevelBasis, HasNoScoreWhenAScenarioFailedThere) {
  const auto metrics =
      aggregate({batch_at(4, 300, 4)}, {{"D(9,9)", {.concurrency = 4}, "all failed"}}, {}, 0);
  const auto scored = score(metrics, goal_of(Objective::maximize_throughput, {}, {BasisKind::level, 4}));
  EXPECT_FALSE(scored.score);
  EXPECT_EQ(scored.value, 300);
}

TEST(FailurePenalty, ComesFromTheRecordedCause) {
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 10, .timeout = 600, .code = "deploy_failed", .cls = "oom"}),
                   1200);
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 10, .timeout = 600, .code = "no_endpoint", .cls = ""}), 1200);
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 200, .timeout = 500, .code = "not_ready", .cls = "oom"}), 750);
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 600, .timeout = 600, .code = "benchmark_timeout", .cls = ""}),
                   80);
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 400, .timeout = 600, .code = "", .cls = "timeout"}), 160);
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 700, .timeout = 600, .code = "", .cls = "connection"}), 80);
  EXPECT_DOUBLE_EQ(failure_penalty({.elapsed = 10, .timeout = 0, .code = "", .cls = "crash"}), 1000);
}

TEST(ReferencePenalty, ReadsTheErrorText) {
  struct Row {
    double elapsed, timeout;
    const char* text;
    double penalty;
  };
  for (const auto& row : std::vector<Row>{{10, 600, "Failed to deploy InferenceService", 1200},
                                          {10, 600, "deploy: cuda oom", 1200},
                                          {10, 600, "model not found", 1200},
                                          {10, 600, "read timeout", 800},
                                          {119.9, 600, "", 1000},
                                          {120, 600, "", 500},
                                          {200, 500, "CUDA out of memory", 750},
                                          {300, 600, "CUDA OOM", 750},
                                          {359.9, 600, "", 500},
                                          {360, 600, "", 200},
                                          {540, 600, "plain", 200},
                                          {569.9, 600, "", 200},
                                          {570, 600, "", 100},
                                          {600, 600, "Experiment timed out after 600 seconds", 100},
                                          {600, 600, "connection timeout", 80},
                                          {700, 600, "connection refused", 80},
                                          {10, 0, "", 1000}}) {
    EXPECT_DOUBLE_EQ(reference_penalty(row.elapsed, row.timeout, row.text), row.penalty)
        << row.elapsed << " " << row.text;
  }
}

}  // namespace
}  // namespace autotuner::metrics
