#include "simulator/scheduler.hpp"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/cost_model.hpp"

namespace autotuner::simulator {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const base::SteadyTime start{std::chrono::hours(1)};

/// A step costs 1 ms, 1 ms for each sequence and 1 ms for each prompt token: easy to count.
Options countable() {
  Options options;
  options.model = "m-1b";
  options.noise = 0;
  options.step_ms = 1;
  options.constants.weight_ms_per_billion = 0;
  options.constants.sequence_ms_per_billion = 1;
  options.constants.prompt_ms_per_billion = 1;
  return options;
}

Job job(JobId id, std::int64_t prompt, std::int64_t output) {
  return {id, prompt, output, prompt + output};
}

/// Runs to the end in one go and gives each job's token times in ms after `start`.
std::map<JobId, std::vector<double>> run(Scheduler& scheduler) {
  std::vector<Token> tokens;
  for (int guard = 0; guard < 100000 && scheduler.next_due(); ++guard) {
    scheduler.advance(*scheduler.next_due(), tokens);
  }
  std::map<JobId, std::vector<double>> times;
  for (const auto& token : tokens) {
    times[token.id].push_back(static_cast<double>(duration_cast<nanoseconds>(token.due - start).count()) /
                              1e6);
  }
  return times;
}

using Times = std::vector<double>;

TEST(Batching, GivesTheFirstTokenAtTheEndOfTheStepThatReadsThePrompt) {
  Scheduler scheduler(countable());
  scheduler.submit(job(1, 10, 3), start);
  EXPECT_EQ(run(scheduler)[1], (Times{11, 13, 15}));  // 1 + 10, then 1 + 1 each
  EXPECT_FALSE(scheduler.next_due());
  EXPECT_EQ(scheduler.load(), Load{});
}

TEST(Batching, FollowsTheDefaultFormulaToTheNanosecond) {
  Options options;
  options.noise = 0;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 100, 2), start);
  scheduler.submit(job(2, 50, 2), start);
  const auto times = run(scheduler);
  const double first = 4 + 8 * (0.9 + 0.003 * 100);
  const double second = first + 4 + 8 * (0.9 + 0.005 + 0.003 * 50);
  const double third = second + 4 + 8 * (0.9 + 0.005);
  EXPECT_NEAR(times.at(1)[0], first, 1e-5);
  EXPECT_NEAR(times.at(1)[1], second, 1e-5);
  EXPECT_NEAR(times.at(2)[0], second, 1e-5);
  EXPECT_NEAR(times.at(2)[1], third, 1e-5);
}

TEST(Batching, LetsANewRequestJoinAtTheNextStep) {
  Scheduler scheduler(countable());
  scheduler.submit(job(1, 4, 3), start);
  scheduler.submit(job(2, 2, 2), start + milliseconds(1));
  auto times = run(scheduler);
  EXPECT_EQ(times[1], (Times{5, 9, 12}));  // 1+4; 1+1+2; 1+2
  EXPECT_EQ(times[2], (Times{9, 12}));
}

TEST(Batching, CutsLongPromptsIntoChunks) {
  auto options = countable();
  options.max_num_batched_tokens = 4;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 10, 2), start);
  EXPECT_EQ(run(scheduler)[1], (Times{13, 15}));  // 5 + 5 + 3, then 2
}

TEST(Batching, SharesTheChunkInOrderOfArrival) {
  auto options = countable();
  options.max_num_batched_tokens = 4;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 3, 1), start);
  scheduler.submit(job(2, 3, 1), start);
  scheduler.submit(job(3, 3, 1), start);
  auto times = run(scheduler);
  EXPECT_EQ(times[1], (Times{4}));
  EXPECT_EQ(times[2], (Times{9}));  // a step of 3 + 1 prompt tokens
  EXPECT_EQ(times[3], (Times{12}));
}

TEST(Batching, RunsPromptsAloneWithoutChunks) {
  auto options = countable();
  options.enable_chunked_prefill = false;
  options.max_num_batched_tokens = 4;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 2, 3), start);
  scheduler.submit(job(2, 10, 2), start);
  auto times = run(scheduler);
  EXPECT_EQ(times[1], (Times{3, 17, 19}));  // stands still while the long prompt is read whole: 11
  EXPECT_EQ(times[2], (Times{14, 17}));
}

TEST(Batching, HoldsBackWhatIsBeyondMaxNumSeqs) {
  auto options = countable();
  options.max_num_seqs = 1;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 1, 2), start);
  scheduler.submit(job(2, 1, 1), start);
  EXPECT_EQ(scheduler.load(), (Load{1, 1, 3}));
  auto times = run(scheduler);
  EXPECT_EQ(times[1], (Times{2, 4}));
  EXPECT_EQ(times[2], (Times{6}));
}

TEST(Batching, HoldsBackWhatDoesNotFitTheCache) {
  auto options = countable();
  options.constants.gpu_memory_gb = 10;
  options.gpu_memory_utilization = 1;
  options.constants.weight_gb_per_billion = 9;
  options.constants.kv_kb_per_billion = 1e4;  // 1 GB holds 100 tokens
  ASSERT_EQ(kv_room_tokens(options), 100);
  Scheduler scheduler(options);
  EXPECT_TRUE(scheduler.fits(job(9, 60, 40)));
  EXPECT_FALSE(scheduler.fits(job(9, 61, 40)));
  scheduler.submit(job(1, 58, 2), start);
  scheduler.submit(job(2, 40, 1), start);
  scheduler.submit(job(3, 1, 1), start);  // would fit, but keeps its place
  auto times = run(scheduler);
  EXPECT_EQ(times[1], (Times{59, 61}));
  EXPECT_EQ(times[2], (Times{61 + 42}));
  EXPECT_EQ(times[3], (Times{61 + 42}));
}

TEST(Batching, StartsAFreshStepAfterIdleTime) {
  Scheduler scheduler(countable());
  scheduler.submit(job(1, 1, 1), start);
  run(scheduler);
  scheduler.submit(job(2, 1, 1), start + milliseconds(50));
  EXPECT_EQ(run(scheduler)[2], (Times{52}));
}

TEST(Batching, DoesNotDriftWhenItIsCalledLate) {
  Scheduler prompt_caller(countable());
  prompt_caller.submit(job(1, 3, 200), start);
  const auto times = run(prompt_caller);
  Scheduler late_caller(countable());
  late_caller.submit(job(1, 3, 200), start);
  std::vector<Token> tokens;
  for (auto now = start; late_caller.next_due(); now += nanoseconds(7'777'777))
    late_caller.advance(now, tokens);
  ASSERT_EQ(tokens.size(), 200U);
  EXPECT_EQ(duration_cast<nanoseconds>(tokens.back().due - start).count(),
            std::llround(times.at(1).back() * 1e6));
}

TEST(Batching, DrawsTheSameNoiseForTheSameSeed) {
  const auto times_of = [](std::int64_t seed) {
    Options options;
    options.seed = seed;
    Scheduler scheduler(options);
    scheduler.submit(job(1, 100, 50), start);
    return run(scheduler)[1];
  };
  EXPECT_EQ(times_of(1), times_of(1));
  EXPECT_NE(times_of(1), times_of(2));
}

TEST(Batching, HasTheNoiseItWasAskedFor) {
  Options options;
  options.noise = 0.1;
  options.max_model_len = 100000;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 1, 5001), start);
  const auto times = run(scheduler)[1];
  const double mean_step = 4 + 8 * 0.905;
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const double relative = (times[i] - times[i - 1]) / mean_step - 1;
    sum += relative;
    squares += relative * relative;
  }
  EXPECT_NEAR(sum / 5000, 0, 0.006);
  EXPECT_NEAR(std::sqrt(squares / 5000), 0.1, 0.005);
}

TEST(Batching, GivesUpACancelledJobAndItsRoom) {
  auto options = countable();
  options.max_num_seqs = 1;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 1, 100), start);
  scheduler.submit(job(2, 1, 1), start);
  scheduler.submit(job(3, 1, 1), start);
  scheduler.cancel(1, start);
  scheduler.cancel(2, start);
  scheduler.cancel(99, start);
  auto times = run(scheduler);
  EXPECT_EQ(times.count(1), 0U);
  EXPECT_EQ(times.count(2), 0U);
  EXPECT_EQ(times[3], (Times{4}));  // the step under way keeps its length
  EXPECT_EQ(scheduler.load(), Load{});
}

TEST(Copies, TakeRequestsInTurnAndDoNotSlowEachOther) {
  auto options = countable();
  options.data_parallel_size = 2;
  Scheduler scheduler(options);
  for (JobId id = 1; id <= 3; ++id) scheduler.submit(job(id, 4, 2), start);
  auto times = run(scheduler);
  EXPECT_EQ(times[2], (Times{5, 7}));
  EXPECT_EQ(times[1], (Times{5, 11}));  // shares its copy with the third
  EXPECT_EQ(times[3], (Times{11, 13}));
  EXPECT_EQ(scheduler.kv_room(), 2 * scheduler.kv_room_per_copy());
}

Options fixed() {
  Options options;
  options.ttft_ms = 50;
  options.tpot_ms = 10;
  return options;
}

TEST(FixedDelays, AreExactForAnyNumberOfStreams) {
  auto options = fixed();
  Scheduler scheduler(options);
  for (JobId id = 0; id < 100; ++id) scheduler.submit(job(id, 1000, 5), start + milliseconds(id));
  const auto times = run(scheduler);
  for (JobId id = 0; id < 100; ++id) {
    const auto shift = static_cast<double>(id);
    EXPECT_EQ(times.at(id), (Times{50 + shift, 60 + shift, 70 + shift, 80 + shift, 90 + shift}));
  }
}

TEST(FixedDelays, CountFromTheEndOfTheWait) {
  auto options = fixed();
  options.max_num_seqs = 1;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 1, 2), start);
  scheduler.submit(job(2, 1, 1), start);
  EXPECT_EQ(scheduler.load(), (Load{1, 1, 3}));
  auto times = run(scheduler);
  EXPECT_EQ(times[1], (Times{50, 60}));
  EXPECT_EQ(times[2], (Times{110}));
}

TEST(FixedDelays, LetTheNextOneInWhenAJobIsCancelled) {
  auto options = fixed();
  options.max_num_seqs = 1;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 1, 100), start);
  scheduler.submit(job(2, 1, 1), start);
  scheduler.cancel(1, start + milliseconds(20));
  auto times = run(scheduler);
  EXPECT_EQ(times.count(1), 0U);
  EXPECT_EQ(times[2], (Times{70}));
  EXPECT_EQ(scheduler.load(), Load{});
}

TEST(FixedDelays, OfZeroGiveAllTokensAtOnce) {
  auto options = fixed();
  options.tpot_ms = 0;
  Scheduler scheduler(options);
  scheduler.submit(job(1, 1, 4), start);
  EXPECT_EQ(run(scheduler)[1], (Times{50, 50, 50, 50}));
}

}  // namespace
}  // namespace autotuner::simulator
