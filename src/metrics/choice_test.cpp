#include "metrics/choice.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Contender scored(int number, double score, int rank = 0) {
  Contender c;
  c.number = number;
  c.identity = "flags of " + std::to_string(number);
  c.rank = rank;
  c.score = score;
  return c;
}

Contender repeat(int number, int of, double score, int rank = 0) {
  auto c = scored(number, score, rank);
  c.identity = "flags of " + std::to_string(of);
  return c;
}

Contender violating(int number, double excess) {
  auto c = scored(number, 0, 2);
  c.score.reset();
  c.hard_excess = excess;
  return c;
}

Contender broken(int number, int stage, double penalty) {
  auto c = scored(number, 0, 3);
  c.score.reset();
  c.stage = stage;
  c.penalty = penalty;
  return c;
}

std::vector<int> order_of(const Choice& choice) {
  std::vector<int> numbers;
  numbers.reserve(choice.order.size());
  for (const auto& standing : choice.order) numbers.push_back(standing.number);
  return numbers;
}

TEST(Choose, OrdersByClassThenByWhatCountsInside) {
  auto unscored = scored(8, 0);
  unscored.score.reset();
  const auto choice =
      choose({broken(1, 0, 1200), violating(2, 1.5), scored(3, -9, 1), scored(4, -1), scored(5, -2),
              violating(6, 1.1), broken(7, 2, 1000), unscored, broken(9, 2, 80)},
             false);
  EXPECT_THAT(order_of(choice), ElementsAre(5, 4, 8, 3, 6, 2, 9, 7, 1));
  EXPECT_EQ(choice.best, 5);
  EXPECT_EQ(choice.runner_up, 4);
  EXPECT_FALSE(choice.nearest_miss);
  EXPECT_THAT(choice.equivalent, IsEmpty());
  EXPECT_FALSE(choice.fastest_single);
}

TEST(Choose, MatchesTheGold) {
  const auto choice = choose({scored(1, -3900), scored(2, 2659.757, 1), broken(3, 1, 1000)}, false);
  EXPECT_EQ(choice.best, 1);
  EXPECT_EQ(choice.runner_up, 2);
}

TEST(Choose, RanksInvalidMeasurementsBehindValidOnesOfTheirClass) {
  auto invalid = scored(1, -100);
  invalid.valid = false;
  EXPECT_THAT(order_of(choose({invalid, scored(2, -50), scored(3, -70, 1)}, false)), ElementsAre(2, 1, 3));
  EXPECT_EQ(choose({invalid, scored(2, -50)}, true).best, 1) << "the reference's rule only shows the audit";
}

TEST(Choose, NamesTheNearestMissWhenNothingMeetsTheLimits) {
  const auto choice = choose({broken(1, 2, 80), violating(2, 1.5), violating(3, 1.2)}, false);
  EXPECT_FALSE(choice.best);
  EXPECT_EQ(choice.nearest_miss, 3);
  EXPECT_FALSE(choice.runner_up);
  const auto broken_only = choose({broken(1, 2, 80)}, false);
  EXPECT_FALSE(broken_only.nearest_miss);
  EXPECT_THAT(choose({}, false).order, IsEmpty());
}

TEST(Choose, MayRecommendTheBaseline) {
  EXPECT_EQ(choose({scored(0, -10), scored(1, -5)}, false).best, 0);
}

TEST(Choose, BreaksExactTiesByCostThenBySimplicityThenByNumber) {
  auto many_gpus = scored(1, -10);
  many_gpus.gpus = 4;
  auto many_flags = scored(2, -10);
  many_flags.gpus = 2;
  many_flags.flags_changed = 3;
  auto simple = scored(3, -10);
  simple.gpus = 2;
  simple.flags_changed = 1;
  auto later = simple;
  later.number = 4;
  later.identity = "other";
  const auto choice = choose({later, many_flags, many_gpus, simple}, false);
  EXPECT_EQ(choice.best, 3);
  EXPECT_THAT(choice.equivalent, ElementsAre(1, 2, 4));
  EXPECT_THAT(order_of(choice), ElementsAre(3, 1, 2, 4));
  EXPECT_EQ(choice.runner_up, 1);
  EXPECT_EQ(choose({later, many_flags, many_gpus, simple}, true).best, 1)
      << "the reference's rule: lowest number";
}

TEST(Choose, PoolsRepeatsByFlags) {
  const auto choice = choose({scored(1, -100), scored(2, -90), repeat(3, 1, -80), repeat(4, 2, -92)}, false);
  ASSERT_EQ(choice.order.size(), 2U);
  const auto& second = choice.order[0].number == 2 ? choice.order[0] : choice.order[1];
  EXPECT_THAT(second.rows, ElementsAre(2, 4));
  EXPECT_DOUBLE_EQ(*second.score, -91);
  EXPECT_TRUE(second.interval);
}

TEST(Choose, TakesOverlappingIntervalsForEquivalent) {
  std::vector<Contender> rows{scored(1, -100), scored(2, -99), scored(3, -50)};
  rows[0].gpus = 8;
  rows[1].gpus = 4;
  rows[2].gpus = 1;
  for (int i = 0; i < 3; ++i) {
    rows.push_back(repeat(10 + i, 1, -100 + i));
    rows.push_back(repeat(20 + i, 2, -99 + i));
    rows.push_back(repeat(30 + i, 3, -50 + i * 0.1));
  }
  const auto choice = choose(rows, false);
  EXPECT_EQ(choice.best, 2) << "half the GPUs, within noise";
  EXPECT_THAT(choice.equivalent, ElementsAre(1));
  EXPECT_EQ(choice.runner_up, 1);
  const auto single = choose({rows[0], rows[1]}, false);
  EXPECT_EQ(single.best, 1) << "measured once there is no noise to be within";
}

TEST(Choose, KeepsEquivalenceInsideAClass) {
  auto missed_tie = scored(2, -10, 1);
  EXPECT_THAT(choose({scored(1, -10), missed_tie}, false).equivalent, IsEmpty());
  auto invalid_tie = scored(2, -10);
  invalid_tie.valid = false;
  EXPECT_THAT(choose({scored(1, -10), invalid_tie}, false).equivalent, IsEmpty());
}

TEST(Choose, NamesALuckySingleRun) {
  const auto choice =
      choose({scored(1, -100), repeat(5, 1, -60), scored(2, -90), repeat(6, 2, -90.1)}, false);
  EXPECT_EQ(choice.order.at(0).number, 2);
  EXPECT_EQ(choice.best, 2);
  EXPECT_EQ(choice.fastest_single, 1);
  EXPECT_FALSE(choose({scored(1, -100), scored(2, -300, 1)}, false).fastest_single) << "it missed the limits";
}

TEST(Choose, DoesNotLetOneCrashedRepeatUndoTheOthers) {
  auto crash = broken(7, 0, 1000);
  crash.identity = "flags of 1";
  const auto choice = choose({scored(1, -100), crash, scored(2, -50)}, false);
  EXPECT_EQ(choice.best, 1);
  EXPECT_THAT(choice.order[0].rows, ElementsAre(1, 7));
  EXPECT_EQ(choice.order[0].score, -100);
}

TEST(Choose, LetsTheMajorityOfRepeatsDecideTheClass) {
  EXPECT_EQ(choose({scored(1, -100), repeat(5, 1, -90, 1), repeat(6, 1, -99), scored(2, -50)}, false).best,
            1);
  EXPECT_EQ(choose({scored(1, -100), repeat(5, 1, -90, 1), scored(2, -50)}, false).best, 2);
}

TEST(Choose, PrefersSoundRepeatsToInvalidOnes) {
  auto invalid = repeat(5, 1, -500);
  invalid.valid = false;
  const auto choice = choose({scored(1, -100), invalid}, false);
  EXPECT_TRUE(choice.order[0].valid);
  EXPECT_EQ(choice.order[0].score, -100);
}

TEST(Choose, PutsMetAndMissedIntoOneClassForTheReference) {
  EXPECT_EQ(choose({scored(1, -10), scored(2, -20, 1)}, true).best, 2);
  EXPECT_EQ(choose({scored(1, -10), scored(2, -20, 1)}, false).best, 1);
}

TEST(IsEquivalent, NeedsScores) {
  EXPECT_FALSE(is_equivalent({}, {}));
  Standing a;
  a.score = 1;
  Standing b;
  b.score = 2;
  EXPECT_TRUE(is_equivalent(a, a));
  a.interval = Interval{.low = 0, .high = 1.6};
  EXPECT_FALSE(is_equivalent(a, b));
  b.interval = Interval{.low = 1.5, .high = 3};
  EXPECT_TRUE(is_equivalent(a, b));
  b.interval = Interval{.low = 1.7, .high = 3};
  EXPECT_FALSE(is_equivalent(a, b));
}

TEST(WhyNotComparable, IsSilentForEqualMeasurements) {
  EXPECT_FALSE(why_not_comparable(batch_at(4, 100, 1), batch_at(4, 900, 9)));
}

TEST(WhyNotComparable, NamesTheDifference) {
  const auto a = batch_at(4, 100, 1);
  EXPECT_EQ(why_not_comparable(a, batch_at(4, 100, 1, "D(9,9)")),
            "different scenarios: D(100,100) and D(9,9)");
  EXPECT_EQ(why_not_comparable(a, batch_at(8, 100, 1)),
            "different load: D(100,100) at concurrency 4 and D(100,100) at concurrency 8");
  auto invalid = a;
  invalid.audit = {Trust::invalid,
                   {{Trust::valid, "a note"}, {Trust::invalid, "2 responses are unaccounted for"}}};
  EXPECT_EQ(why_not_comparable(a, invalid), "one measurement is invalid: 2 responses are unaccounted for");
  invalid.audit.findings.clear();
  EXPECT_EQ(why_not_comparable(invalid, a), "one measurement is invalid: its audit failed");
  auto failing = a;
  failing.num_completed_requests = 49;
  EXPECT_EQ(why_not_comparable(a, failing), "different error rates: 0 % and 2 %");
}

TEST(WhyNotComparable, TakesATimeOrAnAmountOfWorkForTheWindow) {
  const auto a = batch_at(4, 100, 1);
  auto faster = a;
  faster.run_duration = 5;
  EXPECT_FALSE(why_not_comparable(a, faster)) << "the same number of requests";
  faster.num_requests = faster.num_completed_requests = 20;
  EXPECT_EQ(why_not_comparable(a, faster), "different windows: 10 s with 50 requests and 5 s with 20");
  faster.run_duration = 9.6;
  EXPECT_FALSE(why_not_comparable(a, faster)) << "the same time";
}

TEST(WhyNotComparable, LetsRunsOfOneTimeLimitDifferByARequest) {
  auto a = batch_at(4, 100, 1);
  a.stats["e2e_latency"] = flat(2);
  auto b = a;
  b.run_duration = 8.5;
  b.num_requests = b.num_completed_requests = 20;
  EXPECT_TRUE(why_not_comparable(a, b)) << "what ended them is not known";
  a.stopped = b.stopped = "max_time";
  EXPECT_FALSE(why_not_comparable(a, b));
  b.stopped = "max_requests";
  EXPECT_TRUE(why_not_comparable(a, b));
  b.stopped = "max_time";
  b.run_duration = 7.5;
  EXPECT_EQ(why_not_comparable(a, b), "different windows: 10 s with 50 requests and 7.5 s with 20");
}

TEST(WhyNotComparable, TakesTheNumberInFlightOfAnOpenLoopForAResult) {
  auto a = batch_at(4, 100, 1);
  auto b = batch_at(9, 100, 1);
  a.request_rate = b.request_rate = 2;
  EXPECT_FALSE(why_not_comparable(a, b));
  b.request_rate = 3;
  EXPECT_TRUE(why_not_comparable(a, b));
}

TEST(Choice, TakesTheWinnerOfARaceAndScoresItByTheRaceAlone) {
  // #1 was lucky in the search; in the race, rows 4 to 7, #2 is ahead.
  const std::vector rows{scored(1, -200),    scored(2, -150),    scored(3, -140),   repeat(4, 1, -100),
                         repeat(5, 2, -110), repeat(6, 1, -102), repeat(7, 2, -112)};
  const RaceOutcome race{.in = {2}, .out = {1}, .race_rows = {4, 5, 6, 7}, .counted_rows = {4, 5, 6, 7}};
  const auto choice = choose(rows, false, &race);
  EXPECT_EQ(choice.best, 2);
  EXPECT_THAT(choice.equivalent, IsEmpty());
  EXPECT_EQ(choice.order[0].score, -111);
  EXPECT_EQ(choice.order[0].scores, 2);
  EXPECT_TRUE(choice.order[0].raced && choice.order[0].interval);
  EXPECT_THAT(order_of(choice), ElementsAre(2, 3, 1));
  EXPECT_EQ(choice.fastest_single, 1);
}

TEST(Choice, KeepsTheRacesOrderAmongThoseStillInAndNamesThemEquivalent) {
  // #3 left early, when the machine was faster: its mean is the best of all.
  const std::vector rows{scored(1, -100),   scored(2, -100),   scored(3, -100),
                         repeat(4, 1, -92), repeat(5, 2, -90), repeat(6, 3, -95)};
  const RaceOutcome race{.in = {1, 2}, .out = {3}, .race_rows = {4, 5, 6}, .counted_rows = {4, 5, 6}};
  const auto choice = choose(rows, false, &race);
  EXPECT_THAT(order_of(choice), ElementsAre(1, 2, 3));
  EXPECT_EQ(choice.best, 1);
  EXPECT_THAT(choice.equivalent, ElementsAre(2));
}

TEST(Choice, ChangesNothingForALeadThatIsNotWorthIt) {
  auto rows = std::vector{scored(0, -90), scored(1, -100), repeat(2, 0, -99.5), repeat(3, 1, -100)};
  rows[1].flags_changed = 3;
  const RaceOutcome close{.in = {1, 0}, .out = {}, .race_rows = {2, 3}, .counted_rows = {2, 3}};
  const auto choice = choose(rows, false, &close);
  EXPECT_EQ(choice.best, 0);
  EXPECT_THAT(choice.equivalent, ElementsAre(1));
  rows[2].score = -98.5;
  EXPECT_EQ(choose(rows, false, &close).best, 1) << "1.5 % behind";
  rows[2].score = -99.5;
  const RaceOutcome decided{.in = {1}, .out = {0}, .race_rows = {2, 3}, .counted_rows = {2, 3}};
  EXPECT_EQ(choose(rows, false, &decided).best, 1) << "shown to be behind";
}

TEST(Choice, TakesNoChangeBackForAnEntrantThatMissedALimit) {
  auto rows = std::vector{scored(1, -100), scored(2, -100), repeat(3, 1, -100), repeat(4, 2, -100.5)};
  rows[0].flags_changed = 3;
  RaceOutcome race{.in = {1, 2}, .out = {}, .unsteady = {2}, .race_rows = {3, 4}, .counted_rows = {3, 4}};
  EXPECT_EQ(choose(rows, false, &race).best, 1);
  race.unsteady.clear();
  EXPECT_EQ(choose(rows, false, &race).best, 2) << "fewer changes, and as good";
}

TEST(RacedInterval, BelievesNoNoiseBelowOnePercent) {
  EXPECT_FALSE(raced_interval(std::vector{100.0}));
  const auto lucky = *raced_interval(std::vector{100.0, 100.0});
  EXPECT_NEAR(lucky.high - 100, 12.706 * 0.01 * 100 / std::sqrt(2), 0.01);
  EXPECT_NEAR(100 - lucky.low, lucky.high - 100, 1e-9);
  EXPECT_EQ(*raced_interval(std::vector{90.0, 100.0, 110.0}),
            *mean_interval(std::vector{90.0, 100.0, 110.0}));
}

TEST(Choice, FollowsARaceWhoseRowsFailedTheirAudit) {
  std::vector rows{scored(1, -100), scored(2, -101), repeat(3, 1, -100), repeat(4, 2, -90),
                   repeat(5, 2, -92)};
  rows[2].valid = rows[4].valid = false;
  const RaceOutcome race{.in = {1}, .out = {2}, .race_rows = {3, 4, 5}, .counted_rows = {3, 5}};
  const auto choice = choose(rows, false, &race);
  EXPECT_EQ(choice.best, 1);
  EXPECT_EQ(choice.order[1].score, -92) << "what the race compared, and nothing else";
}

TEST(Choice, RanksAnEntrantThatMissedTheLimitsInTheRaceBehindThoseThatKeepThem) {
  const std::vector rows{scored(1, -100), scored(2, -50), repeat(3, 1, -100, 1), repeat(4, 1, -100, 1)};
  const RaceOutcome race{.in = {1}, .out = {}, .race_rows = {3, 4}, .counted_rows = {3, 4}};
  EXPECT_EQ(choose(rows, false, &race).best, 2);
}

TEST(Choice, NeverTakesOneThatOnlyTheShortLookSaw) {
  auto looked = scored(2, -200);
  looked.whole = false;
  const std::vector<Contender> rows{scored(1, -100), looked, scored(3, -50, 1), violating(4, 1.5)};
  for (const bool compat : {false, true}) {
    const auto choice = choose(rows, compat);
    EXPECT_THAT(order_of(choice), ElementsAre(1, 3, 2, 4)) << compat;
    EXPECT_EQ(choice.best, 1);
    EXPECT_EQ(choice.runner_up, 3);
    EXPECT_FALSE(choice.fastest_single);
    EXPECT_THAT(choice.equivalent, IsEmpty());
  }
  EXPECT_FALSE(choose({looked}, false).best);
  EXPECT_FALSE(choose({scored(1, -100), looked}, false).runner_up);
}

TEST(Choice, CountsWholeMeasurementsAloneWhereThereAreSome) {
  auto looked = repeat(2, 1, -300);
  looked.whole = false;
  const auto choice = choose({scored(1, -100), looked}, false);
  ASSERT_EQ(choice.order.size(), 1U);
  EXPECT_EQ(choice.order[0].score, -100);
  EXPECT_EQ(choice.best, 1);
}

}  // namespace
}  // namespace autotuner::metrics
