#include "search/history.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "search/study.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::Point;

const space::Space grid{{{"tp", Choices{{1, 2, 4, 8}}},
                         {"batch", Choices{{8, 16, 32, 64, 128, 256, 512, 1024}}},
                         {"mode", Choices{{"slow", "fast", "other"}}},
                         {"block", Choices{{8, 16, 32, 64}}}},
                        {}};

double log_of(const Point& point, const char* name) {
  return std::log2(point.find(name)->as_number().value_or(1));
}

/// Best at tp 4, batch 256, fast.
double rate(const Point& point, double shift = 0) {
  const double tp = log_of(point, "tp") - 2 - shift;
  const double batch = log_of(point, "batch") - 8 - shift;
  const double mode = *point.find("mode") == space::Value("fast") ? 1 : 0.7;
  return 1000 * std::exp(-tp * tp / 4 - batch * batch / 8) * mode;
}

Problem rate_problem() {
  Problem problem;
  problem.objective = Objective{"rate", Direction::maximize};
  return problem;
}

Options gp_options(std::uint64_t seed, int trials) {
  Options options;
  options.kind = Kind::gp;
  options.seed = seed;
  options.max_iterations = trials;
  return options;
}

/// What an earlier task of another model, a third as fast, measured at random points.
std::vector<PastTrial> past(int count, std::uint64_t seed, double shift = 0, double power = 1) {
  auto options = gp_options(seed, count);
  options.kind = Kind::random;
  const auto source = make_strategy(grid, {}, options).value();
  std::vector<PastTrial> trials;
  for (auto& suggestion : source->suggest(static_cast<std::size_t>(count)))
    trials.push_back(
        {"other", suggestion.point, {{"rate", std::pow(300 * rate(suggestion.point, shift) / 1000, power)}}});
  return trials;
}

double metric(const std::function<std::optional<PriorEstimate>(const Point&)>& prior, const Point& point) {
  const auto estimate = prior(point);
  return estimate && estimate->metrics.contains("rate") ? estimate->metrics.at("rate") : std::nan("");
}

const Point best{{"tp", 4}, {"batch", 256}, {"mode", "fast"}, {"block", 16}};
const Point bad{{"tp", 1}, {"batch", 16}, {"mode", "slow"}, {"block", 16}};

/// The share of the best that the best of the first trials has.
double reached(const Problem& problem, std::uint64_t seed, int trials) {
  const auto strategy = make_strategy(grid, {}, gp_options(seed, trials), problem).value();
  double most = 0;
  for (int n = 1; n <= trials; ++n) {
    const auto suggestions = strategy->suggest(1);
    if (suggestions.empty()) break;
    Trial trial{n, suggestions.front().point, true, TrialClass::met, {}, 0, 0};
    trial.metrics["rate"] = rate(trial.point);
    most = std::max(most, trial.metrics["rate"]);
    strategy->record(std::span(&trial, 1));
  }
  return most / 1000;
}

TEST(History, TellsWhereAnEarlierTaskWasFast) {
  const auto prior = history_prior(grid, rate_problem(), past(30, 1));
  ASSERT_TRUE(prior);
  const double expected = metric(prior, best) / metric(prior, bad);
  EXPECT_GT(expected, 0.5 * rate(best) / rate(bad));
  EXPECT_LT(expected, 2 * rate(best) / rate(bad));
}

TEST(History, CorrectsAModelAndLeavesItAloneFarFromAllTrials) {
  auto problem = rate_problem();
  problem.prior = [](const Point& point) {
    return PriorEstimate{{{"rate", 1000 * std::exp2(log_of(point, "tp"))}}, 0.25};
  };
  // Measured where batch is small only, and there half of what was expected.
  std::vector<PastTrial> trials;
  for (const int tp : {1, 2, 4, 8}) {
    for (const int block : {8, 16, 64}) {
      PastTrial trial{"other", {{"tp", tp}, {"batch", 8}, {"mode", "fast"}, {"block", block}}, {}, {}};
      trial.expected["rate"] = 10.0 * tp;
      trial.metrics["rate"] = 5.0 * tp * (block == 64 ? 0.5 : 1);
      trials.push_back(trial);
    }
  }
  const auto prior = history_prior(grid, problem, trials);
  const auto at = [&](int tp, int block) {
    return metric(prior, {{"tp", tp}, {"batch", 8}, {"mode", "fast"}, {"block", block}});
  };
  EXPECT_NEAR(at(8, 16) / at(1, 16), 8, 0.4) << "as the model says";
  EXPECT_NEAR(at(2, 64) / at(2, 16), 0.5, 0.1) << "as was measured";
  EXPECT_EQ(prior(best)->memory_margin, 0.25);
}

TEST(History, SaysNothingOfAPointThatTheModelCallsImpossible) {
  auto problem = rate_problem();
  problem.prior = [](const Point& point) {
    return log_of(point, "tp") < 1 ? PriorEstimate{{}, -1.0} : PriorEstimate{{{"rate", 10}}, 0.5};
  };
  const auto prior = history_prior(grid, problem, past(30, 1));
  EXPECT_TRUE(prior(bad)->metrics.empty());
  EXPECT_EQ(prior(bad)->memory_margin, -1.0);
  EXPECT_FALSE(prior(best)->metrics.empty());
}

TEST(History, LearnsOfThoseParametersThatTheTrialsHave) {
  auto trials = past(30, 1);
  for (auto& trial : trials) {
    trial.point.erase("block");
    trial.point.set("engine-only-there", static_cast<int>(log_of(trial.point, "tp")) % 2 == 0);
  }
  trials[3].point.erase("batch");        // most others have it
  trials[7].point.set("mode", "turbo");  // no value of the space
  trials[8].point.set("batch", 48);      // between two values
  trials[9].point.set("batch", 4096);    // beyond all values
  const auto telling = telling_trials(grid, rate_problem(), trials);
  EXPECT_EQ(telling.size(), 27U);
  EXPECT_TRUE(std::ranges::any_of(
      telling, [](const PastTrial& trial) { return *trial.point.find("batch") == space::Value(48); }));
  const auto prior = history_prior(grid, rate_problem(), trials);
  ASSERT_TRUE(prior);
  EXPECT_GT(metric(prior, best), 2 * metric(prior, bad));
  auto other_block = best;
  other_block.set("block", 64);
  EXPECT_EQ(metric(prior, other_block), metric(prior, best));
}

TEST(History, OfTooFewTrialsIsNone) {
  EXPECT_TRUE(telling_trials(grid, rate_problem(), past(4, 1)).empty());
  EXPECT_FALSE(history_prior(grid, rate_problem(), past(4, 1)));
  EXPECT_FALSE(history_prior(grid, rate_problem(), {}));
}

TEST(History, OfOneMetricSaysNothingOfOthers) {
  auto problem = rate_problem();
  problem.slos.push_back({"delay", 60, 2, false});
  const auto prior = history_prior(grid, problem, past(30, 1));
  EXPECT_EQ(prior(best)->metrics.size(), 1U);
}

TEST(History, ToldInAnotherTaskIsTheSameFunction) {
  const auto one = history_prior(grid, rate_problem(), past(30, 1));
  const auto two = history_prior(grid, rate_problem(), past(30, 1));
  for (const auto& point : {best, bad}) EXPECT_EQ(metric(one, point), metric(two, point));
}

TEST(History, OfASimilarSurfaceFindsTheBestSooner) {
  double with = 0;
  double without = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto problem = rate_problem();
    without += reached(problem, seed, 4) / 5;
    problem.prior = history_prior(grid, problem, past(30, 100 + seed, 0.5));
    with += reached(problem, seed, 4) / 5;
  }
  EXPECT_GT(with, 0.95);
  EXPECT_GT(with, without + 0.1);
}

TEST(History, OfTheOppositeSurfaceCostsNothingAfterFortyTrials) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    auto problem = rate_problem();
    problem.prior = history_prior(grid, problem, past(30, 100 + seed, 0, -1));
    EXPECT_GE(reached(problem, seed, 40), 0.98) << "seed " << seed;
  }
}

}  // namespace
}  // namespace autotuner::search
