#include "search/race.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

Heat gain(double value) {
  return {TrialClass::met, -value};
}

std::vector<Heat> gains(const std::vector<double>& values) {
  std::vector<Heat> heats;
  heats.reserve(values.size());
  for (const double value : values) heats.push_back(gain(value));
  return heats;
}

const RacePlace& place_of(const RaceResult& result, int number) {
  return *std::ranges::find(result.order, number, &RacePlace::number);
}

TEST(Race, PutsOutWhoIsClearlyBehindAndEndsWithOneLeft) {
  const auto result =
      judge_race({{1, gains({100, 101, 99, 100})}, {2, gains({80, 81, 79, 80})}}, {.rounds = 5});
  EXPECT_TRUE(result.decided);
  EXPECT_TRUE(result.over);
  EXPECT_EQ(result.rounds, 3) << "two rounds are too few to decide, and nothing is read after the end";
  EXPECT_EQ(result.order.front().number, 1);
  const auto& out = result.order.back();
  EXPECT_EQ(out.exit, RaceExit::slower);
  EXPECT_EQ(out.left_after, 3);
  ASSERT_TRUE(out.gap);
  EXPECT_EQ(out.gap->against, 1);
  EXPECT_EQ(out.gap->ahead, 3);
  EXPECT_EQ(out.gap->rounds, 3);
  EXPECT_NEAR(out.gap->behind, 0.25, 0.005);
  ASSERT_TRUE(out.gap->interval);
  EXPECT_GT(out.gap->interval->first, 0);
}

TEST(Race, DecidesNothingInTwoRounds) {
  const auto result = judge_race({{1, gains({100, 100})}, {2, gains({50, 50})}}, {.rounds = 2});
  EXPECT_FALSE(result.decided);
  EXPECT_TRUE(result.over);
  EXPECT_EQ(result.still_in(), 2U);
}

TEST(Race, LeavesThoseApartByLessThanTheNoiseIn) {
  const auto result =
      judge_race({{4, gains({100, 104, 97, 101})}, {2, gains({101, 98, 102, 99})}}, {.rounds = 4});
  EXPECT_FALSE(result.decided);
  EXPECT_TRUE(result.over);
  EXPECT_EQ(result.order.front().number, 4);
  const auto& behind = result.order.back();
  EXPECT_EQ(behind.exit, RaceExit::none);
  ASSERT_TRUE(behind.gap && behind.gap->interval);
  EXPECT_LT(behind.gap->interval->first, 0);
  EXPECT_GT(behind.gap->interval->second, 0);
  EXPECT_EQ(behind.gap->ahead, 2);
}

TEST(Race, BelievesInSomeNoiseEvenWhereItSeesNone) {
  const auto equal_rounds = [](double a, double b) {
    return std::vector<RaceEntrant>{{1, gains({a, a, a})}, {2, gains({b, b, b})}};
  };
  EXPECT_FALSE(judge_race(equal_rounds(100.5, 100), {.rounds = 3}).decided);
  EXPECT_TRUE(judge_race(equal_rounds(110, 100), {.rounds = 3}).decided);
}

TEST(Race, TakesTheDriftOfTheMachineOutByComparingWithinARound) {
  // 30 % slower from round to round: unpaired the two overlap wholly.
  const auto result =
      judge_race({{1, gains({130, 100, 75, 60})}, {2, gains({117, 90, 67.5, 54})}}, {.rounds = 4});
  EXPECT_TRUE(result.decided);
  EXPECT_EQ(result.order.front().number, 1);
}

TEST(Race, NeverRanksOneThatIsOutAboveOneStillIn) {
  // The third is out after round 3, before the machine slows down: its mean over its rounds is the highest.
  const auto result = judge_race(
      {{1, gains({100, 101, 99, 50, 51})}, {2, gains({100, 99, 101, 51, 50})}, {3, gains({70, 70, 70})}},
      {.rounds = 5});
  EXPECT_EQ(result.rounds, 5);
  EXPECT_EQ(result.still_in(), 2U);
  EXPECT_EQ(result.order.back().number, 3);
  EXPECT_EQ(result.order.back().left_after, 3);
}

TEST(Race, IsNotOverWhileARoundIsIncomplete) {
  const auto result = judge_race({{1, gains({100, 100})}, {2, gains({50})}}, {.rounds = 5});
  EXPECT_EQ(result.rounds, 1);
  EXPECT_FALSE(result.over);
  EXPECT_FALSE(result.order.back().gap->interval) << "one round says nothing of the noise";
}

TEST(Race, PutsOutWhoFailsTwiceButNotWhoFailsOnce) {
  const Heat failed;
  std::vector<RaceEntrant> entrants{{1, {gain(100), failed, gain(101)}}, {2, gains({99, 100, 100})}};
  EXPECT_EQ(judge_race(entrants, {.rounds = 3}).still_in(), 2U);
  entrants[0].heats[2] = failed;
  const auto result = judge_race(entrants, {.rounds = 3});
  EXPECT_TRUE(result.decided);
  EXPECT_EQ(result.order.front().number, 2);
  EXPECT_EQ(place_of(result, 1).exit, RaceExit::failed);
  EXPECT_EQ(place_of(result, 1).left_after, 3);
}

TEST(Race, BlamesNobodyForARoundInWhichAllFail) {
  const Heat failed;
  const auto result =
      judge_race({{1, {failed, failed, gain(100), gain(100)}}, {2, {failed, failed, gain(99), gain(100)}}},
                 {.rounds = 4});
  EXPECT_EQ(result.still_in(), 2U);
  EXPECT_EQ(result.order.back().gap->rounds, 2);
}

TEST(Race, PutsOutWhoMissesLimitsThatAnotherOneKeeps) {
  const Heat missed{TrialClass::missed, -500.0};
  const auto result =
      judge_race({{1, {missed, gain(110), missed}}, {2, gains({100, 100, 100})}}, {.rounds = 5});
  EXPECT_TRUE(result.decided);
  EXPECT_EQ(result.order.front().number, 2);
  EXPECT_EQ(place_of(result, 1).exit, RaceExit::limits);
  const auto all_miss = judge_race({{1, {missed, missed}}, {2, {missed, missed}}}, {.rounds = 5});
  EXPECT_EQ(all_miss.still_in(), 2U);
}

TEST(Race, IsLedByWhoKeepsTheLimitsEachTimeNotByWhoIsFasterWhenItDoes) {
  const Heat missed{TrialClass::missed, -500.0};
  const std::vector<RaceEntrant> entrants{{1, {missed, gain(102), gain(102)}}, {2, gains({95, 100, 100})}};
  const auto result = judge_race(entrants, {.rounds = 3});
  EXPECT_EQ(result.still_in(), 2U);
  EXPECT_EQ(result.order.front().number, 2);
  EXPECT_EQ(place_of(result, 1).strikes, 1);
  EXPECT_NEAR(place_of(result, 1).gap->behind, 100.0 / 102 - 1, 1e-9) << "it is ahead in speed";
}

TEST(Race, PassesOverInvalidMeasurementsWhereThereAreValidOnes) {
  const auto invalid = [](double value) { return Heat{TrialClass::met, -value, false}; };
  const auto some = judge_race(
      {{1, {invalid(300), gain(100), gain(101), gain(100)}}, {2, gains({100, 99, 101, 100})}}, {.rounds = 4});
  EXPECT_EQ(place_of(some, 1).counted, (std::vector{false, true, true, true}));
  EXPECT_EQ(place_of(some, 2).gap->rounds, 3);
  const auto none = judge_race(
      {{1, {invalid(100), invalid(100), invalid(100)}}, {2, {invalid(50), invalid(50), invalid(50)}}},
      {.rounds = 3});
  EXPECT_TRUE(none.decided) << "on a host where nothing is valid the race goes on with what there is";
  EXPECT_EQ(none.order.front().number, 1);
}

TEST(Race, ComparesLossesAndScoresOfBothSigns) {
  const auto losses = [](const std::vector<double>& values) {
    std::vector<Heat> heats;
    heats.reserve(values.size());
    for (const double value : values) heats.push_back({TrialClass::met, value});
    return heats;
  };
  const auto latency =
      judge_race({{1, losses({2.0, 2.1, 2.0})}, {2, losses({1.0, 1.05, 1.0})}}, {.rounds = 3});
  EXPECT_EQ(latency.order.front().number, 2);
  EXPECT_NEAR(latency.order.back().gap->behind, 1.0, 1e-9) << "twice the latency is 100 % behind";
  const auto mixed = judge_race({{1, losses({-10, -11, -10})}, {2, losses({40, 41, 40})}}, {.rounds = 3});
  EXPECT_TRUE(mixed.decided);
  EXPECT_EQ(mixed.order.front().number, 1);
}

TEST(Race, JudgesEachLookByWhatItKnewSoThatMoreRoundsUndoNothing) {
  std::mt19937_64 chance(3);
  std::normal_distribution<double> normal;
  for (int race = 0; race < 50; ++race) {
    std::vector<RaceEntrant> entrants(4);
    for (int i = 0; i < 4; ++i) {
      entrants[static_cast<std::size_t>(i)].number = i;
      for (int r = 0; r < 8; ++r)
        entrants[static_cast<std::size_t>(i)].heats.push_back(
            gain(std::exp(0.04 * i + 0.02 * normal(chance))));
    }
    const auto whole = judge_race(entrants, {.rounds = 8});
    for (std::size_t rounds = 1; rounds < 8; ++rounds) {
      auto some = entrants;
      for (auto& entrant : some) entrant.heats.resize(rounds);
      for (const auto& place : judge_race(some, {.rounds = 8}).order) {
        if (place.exit != RaceExit::none)
          EXPECT_EQ(place_of(whole, place.number).left_after, place.left_after);
      }
    }
  }
}

/// Shares of races that end with the best declared, and with another one.
std::pair<double, double> declared(int entrants, int rounds, std::uint64_t seed) {
  constexpr int races = 200;
  constexpr double gap = 0.01;
  constexpr double noise = 0.02;
  std::mt19937_64 chance(seed);
  std::normal_distribution<double> normal;
  int right = 0;
  int wrong = 0;
  for (int race = 0; race < races; ++race) {
    std::vector<RaceEntrant> all(static_cast<std::size_t>(entrants));
    for (int r = 0; r < rounds; ++r) {
      const double drift = noise * normal(chance);
      for (int i = 0; i < entrants; ++i) {
        all[static_cast<std::size_t>(i)].number = i;
        all[static_cast<std::size_t>(i)].heats.push_back(
            gain((i == 0 ? 1 + gap : 1) * std::exp(drift + noise * normal(chance))));
      }
    }
    const auto result = judge_race(all, {.rounds = rounds});
    if (result.decided) ++(result.order.front().number == 0 ? right : wrong);
  }
  return {static_cast<double>(right) / races, static_cast<double>(wrong) / races};
}

TEST(Race, DeclaresAnotherThanTheBestInAtMostOneOfTwentyRacesWithTwoPercentNoiseAndOnePercentGap) {
  for (const int entrants : {2, 3, 4, 5}) {
    for (const int rounds : {2, 3, 5, 10, 20}) {
      const auto [right, wrong] = declared(entrants, rounds, 11);
      EXPECT_LE(wrong, 0.02) << entrants << " entrants, " << rounds << " rounds";
      if (rounds >= 10) EXPECT_LE(wrong, 0.15 * right) << entrants << " entrants, " << rounds << " rounds";
    }
  }
}

}  // namespace
}  // namespace autotuner::search
