#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "search/strategy.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::Point;
using space::RealRange;

Options tpe_options(std::uint64_t seed, int max_iterations) {
  Options options;
  options.kind = Kind::tpe;
  options.seed = seed;
  options.max_iterations = max_iterations;
  return options;
}

double number(const Point& point, const char* name) {
  return *point.find(name)->as_number();
}

const space::Space mixed{
    {{"tp", Choices{{1, 2, 4}}}, {"m", RealRange{0.7, 0.95}}, {"k", IntegerRange{4096, 16384}}}, {}};

double mixed_score(const Point& point) {
  return std::abs(number(point, "tp") - 2) / 2 + 2 * std::abs(number(point, "m") - 0.85) +
         std::abs(number(point, "k") - 8192) / 2000;
}

const space::Space grid{{{"tp", Choices{{1, 2}}},
                         {"m", Choices{{0.7, 0.75, 0.8, 0.85, 0.9}}},
                         {"policy", Choices{{"lpm", "fcfs"}}},
                         {"chunk", Choices{{1024, 2048, 4096, 8192}}}},
                        {}};

double grid_score(const Point& point) {
  return 1 + (number(point, "tp") == 1 ? 0.4 : 0) + std::abs(number(point, "m") - 0.85) / 0.05 * 0.1 +
         (*point.find("policy") == space::Value("fcfs") ? 0.2 : 0) +
         std::abs(std::log2(number(point, "chunk")) - 11) * 0.15;
}

/// Best score so far, by number of trials, of as many as there may be or of the first `count`.
std::vector<double> best_scores(const space::Space& space, double (*score)(const Point&),
                                const Options& options, int count = std::numeric_limits<int>::max()) {
  const auto strategy = make_strategy(space, {}, options).value();
  std::vector<double> best;
  for (int i = 1; i <= std::min(count, options.max_iterations); ++i) {
    const auto suggestions = strategy->suggest(1);
    if (suggestions.empty()) break;
    const Trial trial{i, suggestions[0].point, true, TrialClass::met, score(suggestions[0].point), 0, 0};
    strategy->record(std::span(&trial, 1));
    best.push_back(best.empty() ? *trial.score : std::min(best.back(), *trial.score));
  }
  return best;
}

double quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
}

// Optuna 3.5 reaches medians of 0.426, 0.136 and 0.061 on this problem in 100 runs (0.450, 0.138 and 0.072 in
// 200 others), ours 0.458, 0.150 and 0.076 in 900, random draws 0.723, 0.411 and 0.256. A median of 30 runs
// has a standard deviation of a fifth; the bounds allow two of them.
TEST(Tpe, LearnsAMixedProblemAsFastAsOptuna) {
  std::vector<double> at_10;
  std::vector<double> at_30;
  std::vector<double> at_60;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto best = best_scores(mixed, mixed_score, tpe_options(seed, 60));
    at_10.push_back(best[9]);
    at_30.push_back(best[29]);
    at_60.push_back(best[59]);
  }
  EXPECT_LE(quantile(at_10, 0.5), 0.426 * 1.4);
  EXPECT_LE(quantile(at_30, 0.5), 0.136 * 1.4);
  EXPECT_LE(quantile(at_60, 0.5), 0.061 * 1.4);
  RecordProperty("median_10", std::to_string(quantile(at_10, 0.5)));
  RecordProperty("median_30", std::to_string(quantile(at_30, 0.5)));
  RecordProperty("median_60", std::to_string(quantile(at_60, 0.5)));
}

// 100 runs have medians of 0.563, 0.142 and 0.067; random draws 0.723, 0.411 and 0.256. A median of 30 runs
// has a standard deviation of a fifth; the later bounds allow two of them.
TEST(MultivariateTpe, LearnsAMixedProblemFasterThanRandomDraws) {
  std::vector<double> at_10;
  std::vector<double> at_30;
  std::vector<double> at_60;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    auto options = tpe_options(seed, 60);
    options.multivariate = true;
    const auto best = best_scores(mixed, mixed_score, options);
    at_10.push_back(best[9]);
    at_30.push_back(best[29]);
    at_60.push_back(best[59]);
  }
  EXPECT_LE(quantile(at_10, 0.5), 0.723);
  EXPECT_LE(quantile(at_30, 0.5), 0.142 * 1.4);
  EXPECT_LE(quantile(at_60, 0.5), 0.067 * 1.4);
}

// Optuna 3.5 finds the optimum in 20, 59 and 79 of 100 runs, random draws in 9, 37 and 59.
TEST(Tpe, FindsTheOptimumOfAGridAsOftenAsOptuna) {
  std::array<int, 3> found{};
  constexpr int seeds = 15;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const auto best = best_scores(grid, grid_score, tpe_options(seed, 100), 60);
    ASSERT_EQ(best.size(), 60U);
    found[0] += best[9] < 1.01 ? 1 : 0;
    found[1] += best[29] < 1.01 ? 1 : 0;
    found[2] += best[59] < 1.01 ? 1 : 0;
  }
  EXPECT_GE(found[0], seeds * 20 / 100);
  EXPECT_GE(found[1], seeds * 59 / 100);
  EXPECT_GE(found[2], seeds * 79 / 100);
}

TEST(Tpe, FindsTheOptimumOfAGridThatItExhausts) {
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    const auto best = best_scores(grid, grid_score, tpe_options(seed, 100));
    ASSERT_EQ(best.size(), 80U);
    EXPECT_LT(best[79], 1.01);
  }
}

TEST(Tpe, IsNotFooledByFailures) {
  // Half of the space crashes; a crash told as a very good number would attract a sampler without classes.
  const space::Space space{{{"m", RealRange{0, 1}}}, {}};
  const auto strategy = make_strategy(space, {}, tpe_options(3, 40)).value();
  int late_crashes = 0;
  for (int i = 1; i <= 40; ++i) {
    const auto point = strategy->suggest(1).front().point;
    const double m = number(point, "m");
    Trial trial{i, point, true, TrialClass::met, std::abs(m - 0.8), 0, 2};
    if (m < 0.5) trial = {i, point, true, TrialClass::failed, -1e9, 100, 0};
    strategy->record(std::span(&trial, 1));
    late_crashes += i > 20 && m < 0.5 ? 1 : 0;
  }
  EXPECT_LE(late_crashes, 4);
}

TEST(Tpe, SaysWhatItLearnedFrom) {
  const auto strategy = make_strategy(grid, {}, tpe_options(1, 80)).value();
  std::vector<std::string> reasons;
  std::vector<std::string> phases;
  for (int i = 1; i <= 12; ++i) {
    const auto suggestion = strategy->suggest(1).front();
    reasons.push_back(suggestion.reason);
    phases.push_back(suggestion.phase);
    const Trial trial{i, suggestion.point, true, TrialClass::met, grid_score(suggestion.point), 0, 0};
    strategy->record(std::span(&trial, 1));
  }
  EXPECT_EQ(reasons[1], "random start, 1 of 5 results known");
  EXPECT_EQ(phases[4], "random");
  EXPECT_EQ(phases[5], "model");
  EXPECT_TRUE(reasons[5] == "model: most like the best one of 5 so far" ||
              reasons[5] == "model: of the points left, most like the best one of 5 so far")
      << reasons[5];
  EXPECT_NE(reasons[11].find("best 2 of 11 so far"), std::string::npos) << reasons[11];
}

TEST(Tpe, WorksWithoutRandomStartAndWithTheJointModel) {
  auto options = tpe_options(1, 30);
  options.initial_random = 0;
  options.multivariate = true;
  const auto best = best_scores(mixed, mixed_score, options);
  ASSERT_EQ(best.size(), 30U);
  EXPECT_LT(best.back(), 1);
  EXPECT_EQ(best_scores(grid, grid_score, options).size(), 30U);
}

TEST(Tpe, WritesTheFieldsOfTheReference) {
  const auto strategy = make_strategy(grid, {}, tpe_options(1, 80)).value();
  const auto point = strategy->suggest(2).front().point;
  const Trial trial{1, point, true, TrialClass::met, 1.0, 0, 0};
  strategy->record(std::span(&trial, 1));
  const auto state = strategy->state();
  EXPECT_EQ(state["strategy_class"], "BayesianStrategy");
  EXPECT_EQ(state["trial_count"], 2);
  EXPECT_EQ(state["max_iterations"], 80);
  EXPECT_EQ(state["n_initial_random"], 5);
  ASSERT_EQ(state["tried_params"].size(), 2U);
  EXPECT_EQ(state["tried_params"][0].size(), 4U);
  EXPECT_EQ(state["tried_params"][0][0][0], "chunk");
  EXPECT_EQ(state["tried_params"][0][0][1], space::to_json(*point.find("chunk")));
}

}  // namespace
}  // namespace autotuner::search
