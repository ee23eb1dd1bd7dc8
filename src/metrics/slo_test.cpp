#include "metrics/slo.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;

SloResult held(const MetricValues& values, std::vector<Limit> limits, double steepness = 0.1) {
  return evaluate(slo_of(std::move(limits), steepness), values_of(values));
}

TEST(Slo, AsksNothingOfGoodValues) {
  const auto result =
      held({{"p50_e2e_latency", 1.5}, {"p90_e2e_latency", 4.0}, {"p99_e2e_latency", 8.0}, {"mean_ttft", 0.8}},
           {limit("latency.p50", 2), hard("latency.p90", 5, 0.2, 2), hard("latency.p99", 10, 0.5, 3),
            limit("ttft", 1, 2)});
  EXPECT_EQ(result.verdict, SloVerdict::met);
  EXPECT_EQ(result.penalty, 0);
  EXPECT_EQ(result.checks.size(), 4U);
  EXPECT_EQ(result.checks[0].severity, "");
  EXPECT_DOUBLE_EQ(result.checks[0].headroom(), 0.25);
}

TEST(Slo, PenalisesASoftExcess) {
  const auto result = held({{"p50_e2e_latency", 2.2}}, {limit("latency.p50", 2.0)});
  EXPECT_EQ(result.verdict, SloVerdict::missed);
  EXPECT_NEAR(result.penalty, 2.718281828, 1e-8);
  EXPECT_EQ(result.checks[0].severity, "MINOR");
  EXPECT_NEAR(result.checks[0].headroom(), -0.1, 1e-12);
}

TEST(Slo, CallsAFifthSevere) {
  const auto result = held({{"p90_e2e_latency", 6.25}}, {hard("latency.p90", 5.0, 0.3, 2)});
  EXPECT_NEAR(result.penalty, 24.364987921, 1e-8);
  EXPECT_EQ(result.checks[0].severity, "SEVERE");
  EXPECT_EQ(held({{"mean_ttft", 1.2}}, {limit("ttft", 1.0)}).checks[0].severity, "MINOR")
      << "0.19999999999999996";
}

TEST(Slo, FailsHardBeyondTheRatio) {
  const auto result = held({{"p90_e2e_latency", 6.5}}, {hard("latency.p90", 5.0, 0.2, 2)});
  EXPECT_EQ(result.verdict, SloVerdict::violated);
  EXPECT_EQ(result.penalty, 0) << "a hard failure adds none";
  EXPECT_EQ(result.checks[0].severity, "HARD_FAIL");
  EXPECT_NEAR(result.checks[0].violation, 0.3, 1e-12);
  EXPECT_NEAR(result.hard_excess, 1.3 / 1.2, 1e-12);
}

TEST(Slo, SumsPenalties) {
  const auto result = held(
      {{"p50_e2e_latency", 2.3}, {"p90_e2e_latency", 5.5}, {"p99_e2e_latency", 11.0}, {"mean_ttft", 1.2}},
      {limit("latency.p50", 2, 1), limit("latency.p90", 5, 2), limit("latency.p99", 10, 3),
       limit("ttft", 1, 2)});
  EXPECT_NEAR(result.checks[0].penalty, 4.481689070, 1e-8);
  EXPECT_NEAR(result.checks[1].penalty, 5.436563657, 1e-8);
  EXPECT_NEAR(result.checks[2].penalty, 8.154845485, 1e-8);
  EXPECT_NEAR(result.checks[3].penalty, 14.778112198, 1e-8);
  EXPECT_NEAR(1 + result.penalty, 33.851210410, 1e-8);
  for (const auto& check : result.checks) EXPECT_EQ(check.severity, "MINOR");
}

TEST(Slo, TakesItsSteepness) {
  const std::vector<Limit> limits{limit("latency.p90", 5, 2)};
  EXPECT_NEAR(held({{"p90_e2e_latency", 6}}, limits, 0.05).penalty, 109.196300066, 1e-6);
  EXPECT_NEAR(held({{"p90_e2e_latency", 6}}, limits, 0.1).penalty, 14.778112198, 1e-8);
  EXPECT_NEAR(held({{"p90_e2e_latency", 6}}, limits, 0.2).penalty, 5.436563657, 1e-8);
}

TEST(Slo, MatchesFurtherVectors) {
  EXPECT_NEAR(held({{"p99_e2e_latency", 12}}, {limit("latency.p99", 10)}).penalty, 7.389056099, 1e-8);
  const auto at_ratio = held({{"p90_e2e_latency", 6}}, {hard("latency.p90", 5, 0.2)});
  EXPECT_NEAR(at_ratio.penalty, 7.389056099, 1e-8);
  EXPECT_EQ(at_ratio.verdict, SloVerdict::missed) << "0.2 is not above 0.2";
  const auto severe = held({{"p90_e2e_latency", 7}}, {hard("latency.p90", 5)});
  EXPECT_NEAR(severe.penalty, 54.598150033, 1e-8);
  EXPECT_EQ(severe.checks[0].severity, "SEVERE");
  EXPECT_NEAR(held({{"mean_tpot", 0.06}}, {limit("tpot", 0.05, 2)}).penalty, 14.778112198, 1e-8);
  EXPECT_NEAR(
      held({{"mean_ttft", 1.2}, {"mean_tpot", 0.055}}, {limit("ttft", 1, 2), limit("tpot", 0.05, 1.5)})
          .penalty,
      18.855534941, 1e-8);
}

TEST(Slo, JumpsAtTheLimitUnlessContinuous) {
  EXPECT_EQ(held({{"p90_e2e_latency", 5.0}}, {limit("latency.p90", 5)}).verdict, SloVerdict::met);
  EXPECT_NEAR(held({{"p90_e2e_latency", 5.0000001}}, {limit("latency.p90", 5)}).penalty, 1.0000002, 1e-8);
}

TEST(Slo, HasThreePenaltyShapes) {
  auto slo = slo_of({limit("latency.p90", 5, 2)});
  const auto near = values_of({{"p90_e2e_latency", 5.0000001}});
  const auto tenth = values_of({{"p90_e2e_latency", 5.5}});
  EXPECT_NEAR(evaluate(slo, tenth).penalty, 5.436563657, 1e-8);
  slo.shape = PenaltyShape::continuous;
  EXPECT_NEAR(evaluate(slo, near).penalty, 0, 1e-6);
  EXPECT_NEAR(evaluate(slo, tenth).penalty, 3.436563657, 1e-8);
  slo.shape = PenaltyShape::linear;
  EXPECT_NEAR(evaluate(slo, near).penalty, 0, 1e-6);
  EXPECT_NEAR(evaluate(slo, tenth).penalty, 2, 1e-8);
}

TEST(Slo, CapsTheExponent) {
  const auto result = held({{"mean_ttft", 72}}, {limit("ttft", 1)});
  EXPECT_EQ(result.verdict, SloVerdict::missed);
  EXPECT_TRUE(std::isfinite(result.penalty));
  EXPECT_NEAR(result.penalty / std::exp(700.0), 1, 1e-12);
}

TEST(Slo, HoldsMinimaFromBelow) {
  const auto result = held({{"mean_total_throughput", 900}, {"success_rate", 0.5}},
                           {limit("throughput", 1000), hard("success_rate", 0.99, 0.2)});
  EXPECT_NEAR(result.checks[0].violation, 0.1, 1e-12);
  EXPECT_NEAR(result.checks[0].headroom(), -0.1, 1e-12);
  EXPECT_EQ(result.verdict, SloVerdict::violated);
  EXPECT_EQ(held({{"success_rate", 1.0}}, {limit("success_rate", 0.99)}).verdict, SloVerdict::met);
}

TEST(Slo, SkipsWhatWasNotMeasured) {
  const auto result = held({}, {limit("ttft", 1)});
  EXPECT_EQ(result.verdict, SloVerdict::met);
  EXPECT_TRUE(result.checks.empty());
  EXPECT_EQ(held({{"mean_ttft", 1}}, {}).verdict, SloVerdict::none);
  EXPECT_TRUE(held({{"mean_ttft", 1}}, {limit("ttft", 0)}).checks.empty());
}

TEST(Limit, NamesItsMetric) {
  EXPECT_EQ(limit("latency.p95", 1).metric(), "p95_e2e_latency");
  EXPECT_EQ(limit("throughput", 1).metric(), "mean_total_throughput");
  EXPECT_EQ(limit("success_rate", 1).metric(), "success_rate");
  auto ttft = limit("ttft", 1);
  EXPECT_EQ(ttft.metric(), "mean_ttft");
  ttft.stat = "p90";
  EXPECT_EQ(ttft.metric(), "p90_ttft");
}

TEST(BatchCheck, RejectsOnlyHardViolations) {
  const auto slo = slo_of({hard("latency.p90", 5, 0.2), limit("ttft", 1)});
  const auto verdict = [&](double p90, double ttft) {
    auto batch = batch_at(1, 100, p90);
    batch.stats["ttft"] = flat(ttft);
    return evaluate(slo, batch);
  };
  EXPECT_EQ(verdict(6.0, 0.5).verdict, SloVerdict::missed);
  const auto rejected = verdict(6.1, 0.5);
  EXPECT_EQ(rejected.verdict, SloVerdict::violated);
  EXPECT_NEAR(rejected.checks[0].violation, 0.22, 1e-12);
  EXPECT_EQ(verdict(4.0, 9).verdict, SloVerdict::missed);
  const auto both = verdict(6.1, 1.5);
  EXPECT_FALSE(both.checks[0].ok());
  EXPECT_FALSE(both.checks[1].ok());
  EXPECT_EQ(evaluate(slo_of({hard("ttft", 0.5)}),
                     [] {
                       auto batch = batch_at(1, 1, 1);
                       batch.stats["ttft"] = flat(1.0);
                       return batch;
                     }())
                .verdict,
            SloVerdict::violated)
      << "ratio 1 is above the default 0.5";
}

TEST(BatchCheck, ReadsThroughputAndSuccessOfTheBatch) {
  auto batch = batch_at(1, 900, 1);
  batch.num_completed_requests = 40;
  const auto slo = slo_of({limit("throughput", 1000), limit("success_rate", 0.99)});
  const auto result = evaluate(slo, batch);
  EXPECT_EQ(result.checks[0].actual, 900);
  EXPECT_EQ(result.checks[1].actual, 0.8);
  EXPECT_EQ(to_text(result.checks[1]), "Success rate 80 % is 19.2 % under the limit of 99 %");
  batch.has_throughput = false;
  batch.num_requests = 0;
  EXPECT_TRUE(evaluate(slo, batch).checks.empty());
  EXPECT_EQ(evaluate(slo, batch).verdict, SloVerdict::met);
}

TEST(LimitCheck, IsReadable) {
  const auto result =
      held({{"p90_e2e_latency", 7.1}, {"mean_ttft", 0.3}}, {limit("latency.p90", 8), limit("ttft", 0.25)});
  EXPECT_EQ(to_text(result.checks[0]), "P90 E2E latency 7.1 s keeps the limit of 8 s with 11.3 % left");
  EXPECT_EQ(to_text(result.checks[1]), "Mean TTFT 300 ms is 20 % over the limit of 250 ms");
}

TEST(SloVerdict, HasWords) {
  EXPECT_STREQ(to_text(SloVerdict::none), "none");
  EXPECT_STREQ(to_text(SloVerdict::met), "met");
  EXPECT_STREQ(to_text(SloVerdict::missed), "missed");
  EXPECT_STREQ(to_text(SloVerdict::violated), "violated");
}

TEST(RequestLimits, TakeTheHighestLatencyPercentile) {
  const auto limits = request_limits(
      slo_of({limit("latency.p99", 10), limit("latency.p50", 2), limit("ttft", 1), limit("tpot", 0.05)}));
  EXPECT_EQ(limits.e2e, 10);
  EXPECT_EQ(limits.ttft, 1);
  EXPECT_EQ(limits.tpot, 0.05);
  EXPECT_TRUE(request_limits(slo_of({limit("throughput", 10)})).empty());
}

}  // namespace
}  // namespace autotuner::metrics
