#include "metrics/audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;
using ::testing::HasSubstr;

BatchContext context_at(int concurrency) {
  BatchContext context;
  context.scenario = "D(100,11)";
  context.level.concurrency = concurrency;
  return context;
}

Audit audit(const load::LevelRun& run, const BatchContext& context) {
  return make_batch(std::span(&run, 1), context).audit;
}

/// Four users, mean end-to-end latency 1 s, TTFT 0.2 s.
load::LevelRun sound() {
  return closed_loop(4, 10, 1.0);
}

TEST(Audit, FindsNothingInASoundRun) {
  EXPECT_EQ(audit(sound(), context_at(4)), Audit{});
}

TEST(Audit, GradesABusyClient) {
  auto run = sound();
  run.client.cpu_busy = 0.8;
  EXPECT_EQ(audit(run, context_at(4)).trust, Trust::valid);
  run.client.cpu_busy = 0.85;
  EXPECT_EQ(audit(run, context_at(4)).trust, Trust::noisy);
  run.client.cpu_busy = 0.97;
  const auto found = audit(run, context_at(4));
  EXPECT_EQ(found.trust, Trust::invalid);
  EXPECT_EQ(found.findings.at(0).text, "the client's sender was busy 97 % of a core (limit 80 %)");
}

TEST(Audit, GradesALateEventLoopByWhatItMoves) {
  auto run = sound();
  auto context = context_at(4);
  context.objective = Objective::minimize_latency;
  run.client.loop_lag_p99 = at(0.0009);
  EXPECT_TRUE(audit(run, context).findings.empty());
  // 20 ms at the 99th percentile are 4.3 ms on average: 0.4 % of 1 s, 2 % of 0.2 s.
  run.client.loop_lag_p99 = at(0.020);
  const auto note = audit(run, context);
  EXPECT_EQ(note.trust, Trust::valid);
  ASSERT_EQ(note.findings.size(), 1U);
  EXPECT_EQ(note.findings[0].text,
            "the client's event loop was 20 ms late (p99, limit 1 ms): latency may be off by 0.434 %");
  context.objective = Objective::minimize_ttft;
  EXPECT_EQ(audit(run, context).trust, Trust::noisy);
  context.objective = Objective::minimize_tpot;
  EXPECT_EQ(audit(run, context).trust, Trust::valid);
  context.objective.reset();
  EXPECT_EQ(audit(run, context).trust, Trust::noisy);
}

TEST(Audit, CallsALateLoopNoisyAtMostWhileOnlyTheFirstTokenSuffers) {
  auto run = sound();
  auto context = context_at(4);
  run.client.loop_lag_p99 = at(0.150);
  EXPECT_EQ(audit(run, context).trust, Trust::noisy);
  context.objective = Objective::minimize_ttft;
  EXPECT_EQ(audit(run, context).trust, Trust::invalid);
}

TEST(Audit, GradesStolenTime) {
  auto run = sound();
  run.client.stolen = 0.02;
  EXPECT_TRUE(audit(run, context_at(4)).findings.empty());
  run.client.stolen = 0.03;
  EXPECT_EQ(audit(run, context_at(4)).trust, Trust::noisy);
  run.client.stolen = 0.06;
  EXPECT_EQ(audit(run, context_at(4)).trust, Trust::invalid);
  EXPECT_THAT(audit(run, context_at(4)).findings.at(0).text, HasSubstr("the hypervisor took 6 %"));
}

TEST(Audit, HoldsForeignLoadAgainstTheEnginesCores) {
  auto run = sound();
  auto context = context_at(4);
  run.client.foreign_cpu = 0.2;
  EXPECT_TRUE(audit(run, context).findings.empty()) << "an engine on GPUs";
  context.engine_cores = 4;
  EXPECT_TRUE(audit(run, context).findings.empty());
  context.engine_cores = 2;
  EXPECT_EQ(audit(run, context).trust, Trust::noisy);
  run.client.foreign_cpu = 0.6;
  const auto found = audit(run, context);
  EXPECT_EQ(found.trust, Trust::invalid);
  EXPECT_EQ(found.findings.at(0).text,
            "other processes used 30 % of the engine's cores (limits 5 % and 25 %)");
}

TEST(Audit, ChecksThatUsersKeepTheirLevel) {
  EXPECT_EQ(audit(closed_loop(4, 20, 1.0, 0.005), context_at(4)).trust, Trust::valid);
  EXPECT_EQ(audit(closed_loop(4, 20, 1.0, 0.045), context_at(4)).trust, Trust::noisy);
  const auto paused = audit(closed_loop(4, 20, 1.0, 0.25), context_at(4));
  EXPECT_EQ(paused.trust, Trust::invalid);
  EXPECT_THAT(paused.findings.at(0).text, HasSubstr("requests were in flight on average instead of 4 ("));
}

TEST(Audit, LeavesRampAndDrainOutOfTheLevel) {
  auto run = closed_loop(1, 12, 0.2);
  run.duration = at(30);
  EXPECT_EQ(audit(run, context_at(1)), Audit{});
}

TEST(Audit, DoesNotJudgeTheLevelOfTooShortARun) {
  EXPECT_EQ(audit(closed_loop(8, 1, 1.0), context_at(8)), Audit{});
  auto together = closed_loop(2, 1, 1.0);
  together.records.insert(together.records.end(), together.records.begin(), together.records.end());
  for (auto& record : together.records) record.sent = record.scheduled = at(0);
  EXPECT_TRUE(audit(together, context_at(2)).findings.empty());
}

TEST(Audit, SaysWhenALevelWasNeverReached) {
  const auto few = audit(closed_loop(3, 1, 1.0), context_at(8));
  EXPECT_EQ(few.trust, Trust::noisy);
  EXPECT_EQ(few.findings.at(0).text, "3 requests for 8 users: the level was never reached");
  auto run = closed_loop(8, 4, 1.0);
  run.client.peak_in_flight = 6;
  EXPECT_EQ(audit(run, context_at(8)).trust, Trust::invalid);
  EXPECT_EQ(audit(run, context_at(8)).findings.at(0).text, "at most 6 of 8 requests were in flight at once");
  auto short_run = closed_loop(8, 1, 1.0);
  short_run.client.peak_in_flight = 6;
  EXPECT_EQ(audit(short_run, context_at(8)).trust, Trust::noisy);
}

load::LevelRun open_loop(double stretch, double late) {
  std::vector<load::RequestRecord> records;
  for (int i = 0; i < 50; ++i) {
    auto record = answered(
        {.start = i * 0.2 * stretch + late, .first = i * 0.2 * stretch + 0.3, .end = i * 0.2 * stretch + 1});
    record.scheduled = at(i * 0.2);
    records.push_back(record);
  }
  return run_of(std::move(records), 13);
}

TEST(Audit, ChecksThatTheScheduleWasKept) {
  auto context = context_at(1);
  context.level.request_rate = 5;
  EXPECT_EQ(audit(open_loop(1, 0), context), Audit{});
  const auto late = audit(open_loop(1, 0.01), context);
  EXPECT_EQ(late.trust, Trust::valid);
  EXPECT_EQ(late.findings.at(0).text, "requests left 10 ms late (p99, limit 2 ms); latency includes it");
  EXPECT_EQ(audit(open_loop(1.02, 0), context).trust, Trust::noisy);
  const auto slow = audit(open_loop(1.2, 0), context);
  EXPECT_EQ(slow.trust, Trust::invalid);
  EXPECT_THAT(slow.findings.at(0).text, HasSubstr("off the asked 5 requests/s"));
}

TEST(Audit, IgnoresTheScheduleOfASingleRequest) {
  auto context = context_at(1);
  context.level.request_rate = 5;
  EXPECT_EQ(audit(run_of({answered({})}, 2), context), Audit{});
}

TEST(Audit, WantsEveryResponseAccountedFor) {
  auto run = sound();
  run.records.push_back(waiting(9));
  const auto lost = audit(run, context_at(4));
  EXPECT_EQ(lost.trust, Trust::invalid);
  EXPECT_EQ(lost.findings.at(0).text, "1 responses are unaccounted for");
  run.stopped = "max_time";
  EXPECT_EQ(audit(run, context_at(4)).trust, Trust::valid);
}

TEST(Audit, DistrustsImpossibleTimes) {
  const auto spoil = [](auto change) {
    auto run = sound();
    change(run.records[5]);
    return audit(run, context_at(4));
  };
  EXPECT_THAT(spoil([](auto& r) { r.end = r.sent - at(0.1); }).findings.at(0).text,
              HasSubstr("contradict each other"));
  EXPECT_EQ(spoil([](auto& r) { r.first_token = *r.end + at(0.1); }).trust, Trust::invalid);
  EXPECT_EQ(spoil([](auto& r) { r.scheduled = r.sent + at(0.1); }).trust, Trust::invalid);
  EXPECT_EQ(spoil([](auto& r) { std::swap(r.chunks.front(), r.chunks.back()); }).trust, Trust::invalid);
}

TEST(Audit, HoldsTokenCountsAgainstPiecesOfText) {
  auto run = sound();
  for (auto& record : run.records) record.output_tokens = record.asked_output_tokens = 5;
  const auto miscounted = audit(run, context_at(4));
  EXPECT_EQ(miscounted.trust, Trust::invalid);
  EXPECT_EQ(miscounted.findings.at(0).text,
            "the server reports 200 output tokens but sent 440 pieces of text");
  for (auto& record : run.records) record.output_tokens = record.asked_output_tokens = 10;
  EXPECT_TRUE(audit(run, context_at(4)).findings.empty())
      << "one more piece per answer is the tokenizer's rest";
}

TEST(Audit, SaysWhenTokensAreEstimated) {
  auto run = sound();
  for (auto& record : run.records) record.tokens_estimated = true;
  const auto found = audit(run, context_at(4));
  EXPECT_EQ(found.trust, Trust::noisy);
  EXPECT_THAT(found.findings.at(0).text, HasSubstr("no token counts for 100 % of the answers"));
}

TEST(Audit, CallsShortAnswersNoisyAtMost) {
  auto run = sound();
  for (auto& record : run.records) {
    record.asked_output_tokens = 44;
    record.short_answer = true;
  }
  const auto found = audit(run, context_at(4));
  EXPECT_EQ(found.trust, Trust::noisy);
  EXPECT_EQ(found.findings.at(0).text,
            "100 % of the answers are shorter than asked: 75 % of the tokens are missing");
  for (auto& record : run.records) record.short_answer = false;
  EXPECT_TRUE(audit(run, context_at(4)).findings.empty());
}

TEST(Audit, WidensIntervalsByWhatIsNoisy) {
  auto run = sound();
  const auto before = make_batch(std::span(&run, 1), context_at(4)).ci95.at("mean_ttft");
  run.client.stolen = 0.03;
  const auto after = make_batch(std::span(&run, 1), context_at(4)).ci95.at("mean_ttft");
  EXPECT_NEAR(before.low - after.low, 0.006, 1e-6);
  EXPECT_NEAR(after.high - before.high, 0.006, 1e-6);
}

TEST(Audit, KeepsASmallRunThatSharesItsCoresUsable) {
  // llama.cpp on two cores beside its client: half a second per answer, late wake-ups, a little foreign load.
  auto run = closed_loop(2, 10, 0.5, 0.004);
  run.client.loop_lag_p99 = at(0.010);
  run.client.cpu_busy = 0.05;
  run.client.foreign_cpu = 0.15;
  auto context = context_at(2);
  context.engine_cores = 2;
  const auto found = audit(run, context);
  EXPECT_EQ(found.trust, Trust::noisy);
}

TEST(Trust, HasWords) {
  EXPECT_STREQ(to_text(Trust::valid), "valid");
  EXPECT_STREQ(to_text(Trust::noisy), "noisy");
  EXPECT_STREQ(to_text(Trust::invalid), "invalid");
}

}  // namespace
}  // namespace autotuner::metrics
