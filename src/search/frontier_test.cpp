#include "search/frontier.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "search/acquisition.hpp"

namespace autotuner::search {
namespace {

std::vector<Values> some_rows(std::size_t count, std::size_t objectives, base::Random& random) {
  std::vector<Values> rows(count);
  for (auto& row : rows) {
    for (std::size_t k = 0; k < objectives; ++k) row.push_back(random.uniform());
  }
  return rows;
}

TEST(Frontier, KeepsWhatNothingDominates) {
  const std::vector<Values> rows{{1, 5}, {2, 4}, {2, 4}, {1, 4}, {3, 1}, {2, 0}};
  EXPECT_EQ(non_dominated(rows), (std::vector<std::size_t>{0, 1, 4}));
  EXPECT_TRUE(dominates({2, 4}, {1, 4}));
  EXPECT_FALSE(dominates({2, 4}, {2, 4}));
  EXPECT_FALSE(dominates({1, 5}, {2, 4}));
  EXPECT_TRUE(non_dominated({}).empty());
}

TEST(Frontier, HypervolumeOfStepsIsTheirArea) {
  const Frontier frontier({{1, 3}, {2, 2}, {3, 1}, {1, 1}, {-1, 9}}, {0, 0});
  EXPECT_DOUBLE_EQ(frontier.hypervolume(), 3 + 2 + 1);
  EXPECT_EQ(frontier.points().size(), 3U);
  EXPECT_DOUBLE_EQ(frontier.improvement(Values{3, 3}), 3);
  EXPECT_DOUBLE_EQ(frontier.improvement(Values{2, 2}), 0);
  EXPECT_DOUBLE_EQ(frontier.improvement(Values{4, 0.5}), 0.5);
  EXPECT_DOUBLE_EQ(frontier.improvement(Values{-1, 9}), 0);
}

TEST(Frontier, NothingReachedIsAllToBeGained) {
  const Frontier frontier({}, {1, 2, 3});
  EXPECT_EQ(frontier.hypervolume(), 0);
  EXPECT_DOUBLE_EQ(frontier.improvement(Values{2, 4, 6}), 1 * 2 * 3);
}

/// What a further point adds is the difference of two hypervolumes, which are reckoned in another way.
TEST(Frontier, ImprovementIsTheGrowthOfTheHypervolume) {
  base::Random random(7, 1);
  for (const std::size_t objectives : {2U, 3U}) {
    for (int n = 0; n < 60; ++n) {
      auto rows = some_rows(12, objectives, random);
      // Some coordinates are equal.
      for (std::size_t i = 1; i < rows.size(); i += 3) rows[i][0] = rows[i - 1][0];
      const auto extra = some_rows(1, objectives, random).front();
      const Values reference(objectives, 0.2);
      const Frontier before(rows, reference);
      rows.push_back(extra);
      const Frontier after(rows, reference);
      EXPECT_NEAR(before.improvement(extra), after.hypervolume() - before.hypervolume(), 1e-12);
    }
  }
}

TEST(Frontier, ExpectedImprovementIsTheMeanOverDraws) {
  base::Random random(3, 1);
  for (const std::size_t objectives : {2U, 3U}) {
    const Frontier frontier(some_rows(8, objectives, random), Values(objectives, 0.1));
    std::vector<Gaussian> beliefs(objectives, {0.6, 0.3});
    for (std::size_t k = 0; k < objectives; ++k) beliefs[k].mean += 0.1 * static_cast<double>(k);
    constexpr int draws = 200'000;
    double sum = 0;
    double squares = 0;
    Values drawn(objectives);
    for (int n = 0; n < draws; ++n) {
      std::ranges::transform(beliefs, drawn.begin(), [&](const Gaussian& belief) {
        return random.normal(belief.mean, belief.deviation);
      });
      const double gain = frontier.improvement(drawn);
      sum += gain;
      squares += gain * gain;
    }
    const double mean = sum / draws;
    const double error = std::sqrt((squares / draws - mean * mean) / draws);
    EXPECT_NEAR(std::exp(frontier.log_expected_improvement(beliefs)), mean, 5 * error);
  }
}

TEST(Frontier, OfOneObjectiveItIsExpectedImprovement) {
  const Frontier frontier({{1.0}, {2.0}}, {0.0});
  const Gaussian belief{1.5, 0.4};
  EXPECT_NEAR(frontier.log_expected_improvement(std::vector{belief}), log_expected_improvement(belief, 2),
              1e-12);
}

TEST(Frontier, TellsApartWhatIsHopeless) {
  const Frontier frontier({{1, 3}, {2, 2}, {3, 1}}, {0, 0});
  const double far = frontier.log_expected_improvement(std::vector<Gaussian>{{-30, 1}, {-30, 1}});
  const double farther = frontier.log_expected_improvement(std::vector<Gaussian>{{-60, 1}, {-60, 1}});
  EXPECT_TRUE(std::isfinite(far));
  EXPECT_TRUE(std::isfinite(farther));
  EXPECT_GT(far, farther);
}

TEST(Frontier, ReferenceStandsBelowTheWorst) {
  const std::vector<Values> rows{{1, 30}, {3, 10}};
  EXPECT_EQ(reference_below(rows, 0.5), (Values{0.5, 8}));
  EXPECT_TRUE(reference_below({}, 1).empty());
}

Trial measured(int number, TrialClass rank, double rate, double delay) {
  Trial trial;
  trial.number = number;
  trial.finished = true;
  trial.rank = rank;
  trial.score = 99;
  trial.metrics = {{"rate", rate}, {"delay", delay}};
  return trial;
}

TEST(Frontier, RanksTrialsByNonDominationThenByCrowding) {
  const std::vector<Objective> objectives{{"rate", Direction::maximize}, {"delay", Direction::minimize}};
  std::map<int, Trial> trials;
  trials[1] = measured(1, TrialClass::met, 100, 10);    // on the frontier, an end
  trials[2] = measured(2, TrialClass::met, 50, 5);      // on it, close to the next
  trials[3] = measured(3, TrialClass::met, 48, 4.8);    // on it, crowded
  trials[4] = measured(4, TrialClass::met, 10, 1);      // on it, an end
  trials[5] = measured(5, TrialClass::met, 40, 6);      // dominated
  trials[6] = measured(6, TrialClass::missed, 900, 1);  // breaks a limit
  trials[7] = measured(7, TrialClass::failed, 1, 1);
  trials[8] = measured(8, TrialClass::met, 0, 1);  // no logarithm
  const auto ranked = ranked_by_frontier(trials, objectives);
  const auto score = [&](int number) { return ranked.at(number).score.value_or(-1); };
  EXPECT_LT(std::max(score(1), score(4)), std::min(score(2), score(3)));
  EXPECT_LT(std::max(score(2), score(3)), score(5));
  EXPECT_LT(score(5), score(6));
  EXPECT_EQ(score(7), 99);
  EXPECT_FALSE(ranked.at(8).score);
}

TEST(Frontier, LeavesOutWhatHasNoLogarithm) {
  const std::vector<Objective> objectives{{"rate", Direction::maximize}, {"delay", Direction::minimize}};
  EXPECT_TRUE(log_values(measured(1, TrialClass::met, std::nan(""), 1), objectives).empty());
  EXPECT_TRUE(log_values(measured(1, TrialClass::met, 1, INFINITY), objectives).empty());
  EXPECT_TRUE(log_values(measured(1, TrialClass::failed, 1, 1), objectives).empty());
  EXPECT_EQ(log_values(measured(1, TrialClass::missed, std::exp(2.0), 1), objectives), (Values{2, 0}));
}

}  // namespace
}  // namespace autotuner::search
