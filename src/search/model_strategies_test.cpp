#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "search/strategy.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::Point;
using space::RealRange;
using space::Space;

struct Named {
  const char* name;
  Kind kind;
  bool multivariate;
};

Options options_of(const Named& named, int trials) {
  Options options;
  options.kind = named.kind;
  options.multivariate = named.multivariate;
  options.seed = 11;
  options.max_iterations = trials;
  options.initial_random = 3;
  return options;
}

const Space small{{{"tp", Choices{{1, 2, 4}}}, {"mode", Choices{{"a", "b"}}}, {"n", IntegerRange{1, 6}}}, {}};
const Space open{{{"tp", Choices{{1, 2, 4}}}, {"m", RealRange{0.7, 0.95}}, {"k", IntegerRange{4096, 16384}}},
                 {}};
const Space names{
    {{"a", Choices{{"x", "y", "z"}}}, {"b", Choices{{"p", "q"}}}, {"c", Choices{{"u", "v", "w"}}}}, {}};

Space huge() {
  Space space;
  for (int i = 0; i < 4; ++i) space.parameters.push_back({"p" + std::to_string(i), IntegerRange{1, 1000}});
  return space;
}

double size_of(const Point& point) {
  double sum = 0;
  for (const auto& [name, value] : point) sum += value.as_number().value_or(name == "mode" ? 0.5 : 1);
  return sum;
}

/// Larger is better, as the loop tells it; some fail.
Trial measured(int number, const Point& point) {
  Trial trial{number, point, true, TrialClass::met, -100 - size_of(point), 0, 2};
  trial.metrics = {{"throughput", 100 + size_of(point)}};
  const auto hash = std::hash<std::string>()(space::identity(point)) % 100;
  if (hash < 15) {
    trial.rank = TrialClass::failed;
    trial.metrics.clear();
    trial.score.reset();
    trial.failure = Failure::unhealthy;
  }
  return trial;
}

class ModelStrategies : public testing::TestWithParam<Named> {
 protected:
  std::unique_ptr<Strategy> made(const Space& space, int trials = 100) const {
    return make_strategy(space, {}, options_of(GetParam(), trials)).value();
  }

  /// Asks one by one until nothing is left or `count` trials are done.
  template <class Result>
  std::vector<Trial> run(Strategy& strategy, int count, Result result) const {
    std::vector<Trial> trials;
    while (static_cast<int>(trials.size()) < count) {
      const auto suggestions = strategy.suggest(1);
      if (suggestions.empty()) break;
      trials.push_back(result(static_cast<int>(trials.size()) + 1, suggestions[0].point));
      strategy.record(std::span(&trials.back(), 1));
    }
    return trials;
  }

  static void expect_distinct(const std::vector<Trial>& trials) {
    std::set<std::string> seen;
    for (const auto& trial : trials)
      EXPECT_TRUE(seen.insert(space::identity(trial.point)).second) << trial.number;
  }
};

INSTANTIATE_TEST_SUITE_P(All, ModelStrategies,
                         testing::Values(Named{"Forest", Kind::forest, false},
                                         Named{"HillClimb", Kind::hill_climb, false},
                                         Named{"MultivariateTpe", Kind::tpe, true}),
                         [](const auto& info) { return info.param.name; });

TEST_P(ModelStrategies, VisitEveryPointOfASmallSpaceOnce) {
  const auto strategy = made(small);
  const auto trials = run(*strategy, 100, measured);
  EXPECT_EQ(trials.size(), 36U);
  expect_distinct(trials);
  EXPECT_EQ(strategy->stop_reason(), "space_exhausted");
}

TEST_P(ModelStrategies, TakeASpaceOfOnePoint) {
  const auto strategy = made({{{"a", Choices{{1}}}, {"b", Choices{{"x"}}}}, {}});
  EXPECT_EQ(run(*strategy, 5, measured).size(), 1U);
}

TEST_P(ModelStrategies, TakeASpaceOfNamesAlone) {
  const auto strategy = made(names);
  const auto trials = run(*strategy, 100, measured);
  EXPECT_EQ(trials.size(), 18U);
  expect_distinct(trials);
}

TEST_P(ModelStrategies, GoOnWhenAllResultsAreTheSame) {
  const auto strategy = made(small);
  const auto trials = run(*strategy, 20, [](int number, const Point& point) {
    return Trial{number, point, true, TrialClass::met, 5.0, 0, 2};
  });
  EXPECT_EQ(trials.size(), 20U);
  expect_distinct(trials);
}

TEST_P(ModelStrategies, GoOnWhenEverythingFails) {
  const auto strategy = made(small);
  const auto trials = run(*strategy, 36, [](int number, const Point& point) {
    Trial trial{number, point, true, TrialClass::failed, {}, 0, 0};
    trial.failure = number % 2 == 0 ? Failure::out_of_memory : Failure::timeout;
    return trial;
  });
  EXPECT_GE(trials.size(), 30U);
  expect_distinct(trials);
}

TEST_P(ModelStrategies, GoOnWhenWhatWasMeasuredIsNoNumber) {
  const auto strategy = made(small);
  const auto trials = run(*strategy, 20, [](int number, const Point& point) {
    auto trial = measured(number, point);
    const double values[] = {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()};
    if (number % 3 != 0) trial.score = values[number % 3 - 1];
    if (number % 3 != 0) trial.metrics = {{"throughput", values[number % 3 - 1]}};
    return trial;
  });
  EXPECT_EQ(trials.size(), 20U);
  expect_distinct(trials);
}

TEST_P(ModelStrategies, SearchASpaceOfATrillionPoints) {
  const auto strategy = made(huge());
  const auto trials = run(*strategy, 8, measured);
  EXPECT_EQ(trials.size(), 8U);
  expect_distinct(trials);
}

TEST_P(ModelStrategies, SuggestTheSameAfterARestartWhereverTheLogEnds) {
  for (const auto* space : {&small, &open}) {
    const auto first = made(*space);
    const auto trials = run(*first, space == &small ? 16 : 6, measured);
    for (std::size_t cut = 0; cut < trials.size(); ++cut) {
      const auto again = made(*space);
      again->record(std::span(trials).first(cut));
      const auto suggestions = again->suggest(1);
      ASSERT_EQ(suggestions.size(), 1U);
      EXPECT_EQ(suggestions[0].point, trials[cut].point) << "after " << cut;
    }
  }
}

TEST_P(ModelStrategies, SuggestTheSameAfterARestartWithTrialsUnderWay) {
  const auto first = made(small);
  std::vector<Trial> log;
  for (int round = 0; round < 6; ++round) {
    const auto resumed = made(small);
    resumed->record(log);
    const auto expected = first->suggest(2);
    const auto suggestions = resumed->suggest(2);
    ASSERT_EQ(suggestions.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_EQ(suggestions[i].point, expected[i].point) << "round " << round;
    // The first of two ends at once, the second one round later.
    if (!log.empty()) log.back() = measured(log.back().number, log.back().point);
    const auto number = static_cast<int>(log.size()) + 1;
    log.push_back(measured(number, expected[0].point));
    log.push_back({number + 1, expected[1].point, false, TrialClass::failed, {}, 0, 0});
    first->record(log);
  }
}

TEST_P(ModelStrategies, DontCareInWhichOrderOrHowOftenTheyAreTold) {
  const auto first = made(small);
  const auto trials = run(*first, 12, measured);
  const auto shuffled = made(small);
  for (std::size_t i = trials.size(); i-- > 0;) {
    shuffled->record(std::span(&trials[i], 1));
    shuffled->record(std::span(&trials[i], 1));
  }
  EXPECT_EQ(shuffled->suggest(1).at(0).point, first->suggest(1).at(0).point);
}

TEST_P(ModelStrategies, AskedForSeveralGiveDifferentPoints) {
  const auto strategy = made(open);
  run(*strategy, 6, measured);
  std::set<std::string> seen;
  for (const auto& suggestion : strategy->suggest(4)) {
    EXPECT_TRUE(seen.insert(space::identity(suggestion.point)).second);
    EXPECT_FALSE(suggestion.reason.empty());
  }
  EXPECT_EQ(seen.size(), 4U);
}

TEST(Forest, ComesNearTheBestOfALargeGridInFewTrials) {
  const Space grid{{{"tp", Choices{{1, 2, 4, 8}}},
                    {"batch", Choices{{1, 2, 4, 8, 16, 32, 64, 128}}},
                    {"kind", Choices{{"a", "b", "c"}}},
                    {"noise", Choices{{0, 1, 2, 3}}}},
                   {}};
  // 100 at tp 4, batch 32, kind b.
  const auto value = [](const Point& p) {
    return 100 - 10 * std::abs(std::log2(*p.find("tp")->as_number()) - 2) -
           5 * std::abs(std::log2(*p.find("batch")->as_number()) - 5) -
           (*p.find("kind") == space::Value("b") ? 0 : 15);
  };
  double total = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Options options;
    options.kind = Kind::forest;
    options.seed = seed;
    options.max_iterations = 30;
    const auto strategy = make_strategy(grid, {}, options).value();
    double best = 0;
    for (int i = 1; i <= 30; ++i) {
      const auto point = strategy->suggest(1).at(0).point;
      best = std::max(best, value(point));
      const Trial trial{i, point, true, TrialClass::met, -value(point), 0, 2};
      strategy->record(std::span(&trial, 1));
    }
    total += best;
  }
  EXPECT_GE(total / 5, 97);
}

Options climbing(int starts) {
  Options options;
  options.kind = Kind::hill_climb;
  options.initial_random = starts;
  return options;
}

Trial told(int number, Point point, double score) {
  return {number, std::move(point), true, TrialClass::met, score, 0, 2};
}

TEST(HillClimb, StepsToANeighbourOfTheBest) {
  const Space space{{{"a", Choices{{1, 2, 3, 4, 5}}}, {"b", Choices{{"x", "y", "z"}}}}, {}};
  const auto strategy = make_strategy(space, {}, climbing(1)).value();
  const auto start = told(1, {{"a", 3}, {"b", "x"}}, 10);
  strategy->record(std::span(&start, 1));
  std::set<std::string> seen;
  for (const auto& suggestion : strategy->suggest(4)) seen.insert(space::to_text(suggestion.point));
  EXPECT_EQ(seen, (std::set<std::string>{"a=2 b=x", "a=4 b=x", "a=3 b=y", "a=3 b=z"}));
}

TEST(HillClimb, StartsAnewAtALocalOptimumAndClimbsFromThere) {
  const Space space{{{"b", Choices{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}}}, {}};
  const auto strategy = make_strategy(space, {}, climbing(1)).value();
  const std::vector<Trial> hill{told(1, {{"b", 2}}, 1), told(2, {{"b", 1}}, 5), told(3, {{"b", 3}}, 5)};
  strategy->record(hill);
  const auto restart = strategy->suggest(1).at(0);
  EXPECT_EQ(restart.reason, "random restart: the best has no better neighbour");
  EXPECT_GT(*restart.point.find("b")->as_number(), 4);
  const auto second = told(4, restart.point, 3);
  strategy->record(std::span(&second, 1));
  const auto step = strategy->suggest(1).at(0);
  EXPECT_EQ(step.reason, "one step from #4, the best of this climb");
}

TEST(HillClimb, ComesToTheTopOfOneHill) {
  const auto strategy = make_strategy(open, {}, climbing(3)).value();
  double best = 0;
  for (int i = 1; i <= 80; ++i) {
    const auto point = strategy->suggest(1).at(0).point;
    const double value = 10 - std::abs(*point.find("tp")->as_number() - 2) -
                         20 * std::abs(*point.find("m")->as_number() - 0.85) -
                         std::abs(*point.find("k")->as_number() - 8192) / 4000;
    best = std::max(best, value);
    const auto trial = told(i, point, -value);
    strategy->record(std::span(&trial, 1));
  }
  EXPECT_GT(best, 9.5);
}

}  // namespace
}  // namespace autotuner::search
