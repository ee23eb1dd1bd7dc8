#include "metrics/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/request.hpp"
#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;

BatchContext context_at(int concurrency) {
  BatchContext context;
  context.scenario = "D(100,100)";
  context.level.concurrency = concurrency;
  return context;
}

Batch batch_of(const load::LevelRun& run, const BatchContext& context) {
  return make_batch(std::span(&run, 1), context);
}

TEST(MakeBatch, AddsUpWhatWasFinished) {
  auto run = run_of(
      {answered({.start = 0, .first = 0.2, .end = 1.2}), answered({.start = 1.2, .first = 1.6, .end = 2.6}),
       failed(2.6, 2.7, 503), failed(2.7, 2.8, 503), failed(2.8, 2.9, 408)},
      4);
  const auto batch = batch_of(run, context_at(1));
  EXPECT_EQ(batch.scenario, "D(100,100)");
  EXPECT_EQ(batch.num_concurrency, 1);
  EXPECT_DOUBLE_EQ(batch.run_duration, 4);
  EXPECT_DOUBLE_EQ(batch.mean_output_throughput, 202 / 4.0);
  EXPECT_DOUBLE_EQ(batch.mean_input_throughput, 200 / 4.0);
  EXPECT_DOUBLE_EQ(batch.mean_total_throughput, 402 / 4.0);
  EXPECT_DOUBLE_EQ(batch.requests_per_second, 0.5);
  EXPECT_EQ(batch.num_completed_requests, 2);
  EXPECT_EQ(batch.num_error_requests, 3);
  EXPECT_EQ(batch.num_requests, 5);
  EXPECT_EQ(batch.error_codes, (std::map<int, int>{{408, 1}, {503, 2}}));
  EXPECT_DOUBLE_EQ(batch.success_rate(), 0.4);
  EXPECT_NEAR(*batch.stat("ttft", "mean"), 0.3, 1e-9);
  EXPECT_NEAR(*batch.stat("e2e_latency", "max"), 1.4, 1e-9);
  EXPECT_FALSE(batch.stat("ttft", "p42"));
  EXPECT_FALSE(batch.stat("unknown", "mean"));
  EXPECT_FALSE(batch.goodput);
  EXPECT_EQ(to_text_of_point(batch), "D(100,100) at concurrency 1");
}

TEST(MakeBatch, CountsAnswersOfOneTokenAsCompleted) {
  const auto batch = batch_of(run_of({answered({.output = 1})}, 2), context_at(1));
  EXPECT_EQ(batch.num_completed_requests, 1);
  EXPECT_FALSE(batch.stat("tpot", "mean"));
  EXPECT_FALSE(batch.stat("output_throughput", "mean"));
  EXPECT_EQ(batch.stat("num_output_tokens", "mean"), 1);
}

TEST(MakeBatch, HasNoRatesWithoutTime) {
  const auto batch = make_batch({}, context_at(1));
  EXPECT_FALSE(batch.has_throughput);
  EXPECT_EQ(batch.num_requests, 0);
  EXPECT_EQ(batch.success_rate(), 1);
}

TEST(MakeBatch, LeavesWarmUpAndCoolDownOutOfStatisticsOnly) {
  auto context = context_at(1);
  context.warmup_ratio = 0.25;
  context.cooldown_ratio = 0.25;
  const auto batch = batch_of(closed_loop(1, 8, 1.0), context);
  EXPECT_EQ(batch.num_completed_requests, 8);
  EXPECT_EQ(batch.stats.at("ttft").count, 4U);
  EXPECT_NEAR(batch.mean_output_throughput, 88 / batch.run_duration, 1e-9);
}

TEST(MakeBatch, CountsAsGoodWhatKeepsEveryLimit) {
  auto context = context_at(1);
  context.limits.ttft = 0.25;
  context.limits.e2e = 1.3;
  const auto run = run_of(
      {answered({.start = 0, .first = 0.2, .end = 1.2}), answered({.start = 2, .first = 2.3, .end = 3.2}),
       answered({.start = 4, .first = 4.2, .end = 5.4}), failed(6, 6.1, 500)},
      8);
  const auto batch = batch_of(run, context);
  EXPECT_DOUBLE_EQ(*batch.goodput, 1 / 8.0);
  EXPECT_DOUBLE_EQ(*batch.goodput_ratio, 1 / 4.0);
}

TEST(MakeBatch, HoldsATokenTimeLimitOnlyAgainstAnswersThatHaveOne) {
  auto context = context_at(1);
  context.limits.tpot = 0.005;
  const auto run = run_of({answered({.output = 1}), answered({.output = 101})}, 2);
  EXPECT_DOUBLE_EQ(*batch_of(run, context).goodput, 0.5);
}

TEST(MakeBatch, CountsUnfinishedRequestsThatWaitedTooLongAgainstTheGoodputRatio) {
  auto context = context_at(2);
  context.limits.ttft = 0.5;
  auto run = run_of({answered({.start = 0, .first = 0.2, .end = 1.2}), waiting(0), waiting(9.8)}, 10);
  run.stopped = "max_time";
  const auto batch = batch_of(run, context);
  EXPECT_EQ(batch.num_unfinished, 2);
  EXPECT_EQ(batch.num_requests, 1);
  EXPECT_DOUBLE_EQ(*batch.goodput_ratio, 0.5);
  EXPECT_EQ(batch.stopped, "max_time");
}

TEST(MakeBatch, PoolsPassesAndKeepsEach) {
  const std::vector<load::LevelRun> passes{run_of({answered({})}, 2),
                                           run_of({answered({.first = 0.4, .end = 1.4})}, 3)};
  const auto batch = make_batch(passes, context_at(1));
  EXPECT_DOUBLE_EQ(batch.run_duration, 5);
  EXPECT_EQ(batch.num_completed_requests, 2);
  EXPECT_DOUBLE_EQ(batch.mean_total_throughput, 402 / 5.0);
  ASSERT_EQ(batch.repeats.size(), 2U);
  EXPECT_DOUBLE_EQ(batch.repeats[1].run_duration, 3);
  EXPECT_DOUBLE_EQ(*batch.repeats[1].total_throughput, 67);
  EXPECT_NEAR(*batch.repeats[1].ttft_mean, 0.4, 1e-9);
  EXPECT_NEAR(*batch.repeats[0].tpot_mean, 0.01, 1e-9);
  EXPECT_TRUE(batch_of(passes[0], context_at(1)).repeats.empty());
}

TEST(MakeBatch, ReportsTheHighestNumberInFlightOfAnOpenLoop) {
  auto context = context_at(1);
  context.level.request_rate = 2.5;
  auto run = run_of(
      {answered({.start = 0, .first = 0.2, .end = 1.2}), answered({.start = 0.4, .first = 0.6, .end = 1.6}),
       answered({.start = 1.3, .first = 1.5, .end = 2.5})},
      3);
  const auto batch = batch_of(run, context);
  EXPECT_EQ(batch.request_rate, 2.5);
  EXPECT_EQ(batch.num_concurrency, 2);
  run.client.peak_in_flight = 7;
  EXPECT_EQ(batch_of(run, context).num_concurrency, 7);
  EXPECT_EQ(to_text_of_point(batch), "D(100,100) at 2.5 requests/s");
}

TEST(MakeBatch, StatesIntervalsAroundItsFigures) {
  const auto batch = batch_of(closed_loop(2, 40, 0.5), context_at(2));
  for (const auto* const name : {"mean_output_throughput", "mean_total_throughput"}) {
    ASSERT_TRUE(batch.ci95.contains(name)) << name;
  }
  const auto total = batch.ci95.at("mean_total_throughput");
  EXPECT_LE(total.low, batch.mean_total_throughput);
  EXPECT_GE(total.high, batch.mean_total_throughput);
  EXPECT_NEAR(batch.ci95.at("mean_ttft").low, 0.1, 1e-3);
  EXPECT_TRUE(batch.ci95.contains("p50_e2e_latency"));
  EXPECT_TRUE(batch.ci95.contains("p50_tpot"));
  EXPECT_FALSE(batch.ci95.contains("p99_ttft"));
}

TEST(MakeBatch, GivesAShortRunFiveWindowsButNotAShorterOne) {
  EXPECT_TRUE(batch_of(closed_loop(1, 12, 0.3), context_at(1)).ci95.contains("mean_total_throughput"));
  EXPECT_FALSE(batch_of(closed_loop(1, 4, 0.3), context_at(1)).ci95.contains("mean_total_throughput"));
}

TEST(MakeBatch, CountsAnswersWithoutPiecesWhereTheyEnd) {
  auto run = closed_loop(1, 12, 0.3);
  for (auto& record : run.records) record.chunks.clear();
  const auto batch = batch_of(run, context_at(1));
  EXPECT_LE(batch.ci95.at("mean_output_throughput").low, batch.mean_output_throughput);
}

TEST(MakeBatch, RaisesBoundsByRequestsThatNeverCame) {
  auto run = closed_loop(1, 20, 0.5);
  run.stopped = "max_time";
  const auto before = batch_of(run, context_at(1)).ci95.at("mean_e2e_latency");
  run.records.push_back(waiting(to_seconds(run.duration) - 8));
  const auto after = batch_of(run, context_at(1)).ci95.at("mean_e2e_latency");
  EXPECT_GT(after.high, before.high + 0.1);
  run.records.back() = waiting(to_seconds(run.duration) - 0.1);
  EXPECT_EQ(batch_of(run, context_at(1)).ci95.at("mean_e2e_latency"), before);
}

}  // namespace
}  // namespace autotuner::metrics
