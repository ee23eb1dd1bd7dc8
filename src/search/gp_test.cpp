#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "search/strategy.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::Point;
using space::RealRange;

Options gp_options(std::uint64_t seed, int trials) {
  Options options;
  options.kind = Kind::gp;
  options.seed = seed;
  options.max_iterations = trials;
  return options;
}

double number(const Point& point, const char* name) {
  return point.find(name)->as_number().value_or(0);
}

/// Best at tp 2, batch 64, fast; tp 8 with a large batch runs out of memory.
Trial tried(int n, const Point& point) {
  Trial trial{n, point, true, TrialClass::met, {}, 0, 0};
  const double tp = std::log2(number(point, "tp"));
  const double batch = std::log2(number(point, "batch"));
  if (tp >= 3 && batch >= 7) {
    trial.rank = TrialClass::failed;
    trial.failure = Failure::out_of_memory_load;
    return trial;
  }
  const bool fast = *point.find("mode") == space::Value("fast");
  trial.metrics["rate"] =
      1000 * std::exp(-(tp - 1) * (tp - 1) / 4 - (batch - 6) * (batch - 6) / 8) * (fast ? 1 : 0.7);
  trial.metrics["delay"] = 10 * std::exp(batch / 4);
  return trial;
}

const space::Space grid{{{"tp", Choices{{1, 2, 4, 8}}},
                         {"batch", Choices{{8, 16, 32, 64, 128, 256}}},
                         {"mode", Choices{{"slow", "fast", "other"}}}},
                        {}};

Problem rate_problem() {
  Problem problem;
  problem.objective = Objective{"rate", Direction::maximize};
  problem.slos.push_back({"delay", 60, 2, false});
  return problem;
}

std::vector<Point> run(Strategy& strategy, int trials, int first = 1) {
  std::vector<Point> points;
  for (int n = first; n < first + trials; ++n) {
    const auto suggestions = strategy.suggest(1);
    if (suggestions.empty()) break;
    points.push_back(suggestions.front().point);
    const auto trial = tried(n, points.back());
    strategy.record(std::span(&trial, 1));
  }
  return points;
}

TEST(Gp, FindsTheBestOfAGridInAFewTrials) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto points = run(*make_strategy(grid, {}, gp_options(seed, 20), rate_problem()).value(), 20);
    EXPECT_EQ(points.size(), 20U);
    const Point best{{"tp", 2}, {"batch", 64}, {"mode", "fast"}};
    found += std::ranges::find(points, best) != points.end() ? 1 : 0;
  }
  EXPECT_GE(found, 5);
}

std::string third_reason(const space::Space& space, const std::vector<Trial>& log) {
  const auto strategy = make_strategy(space, {}, gp_options(1, 60), rate_problem()).value();
  strategy->record(log);
  return strategy->suggest(1).front().reason;
}

TEST(Gp, DrawsMoreStartsWherePointsMayNotRun) {
  std::vector<Trial> log{tried(1, {{"tp", 1}, {"batch", 8}, {"mode", "slow"}}),
                         tried(2, {{"tp", 2}, {"batch", 8}, {"mode", "fast"}})};
  EXPECT_TRUE(third_reason(grid, log).starts_with("model"));
  log.push_back(Trial{3, {{"tp", 2}, {"batch", 16}, {"mode", "other"}}, true, TrialClass::failed, {}, 0, 0});
  EXPECT_EQ(third_reason(grid, log), "random start, 3 of 6 results known");

  auto server = grid;
  server.parameters.push_back({"gpu_memory_utilization", Choices{{0.8, 0.9}}});
  log.pop_back();
  for (auto& trial : log) trial.point.set("gpu_memory_utilization", 0.8);
  EXPECT_EQ(third_reason(server, log), "random start, 2 of 6 results known");
}

TEST(Gp, GoesOnAfterAResumeAsIfItHadNotStopped) {
  const auto whole = run(*make_strategy(grid, {}, gp_options(3, 30), rate_problem()).value(), 30);
  for (const int cut : {0, 1, 2, 5, 9, 17, 24}) {
    const auto resumed = make_strategy(grid, {}, gp_options(3, 30), rate_problem()).value();
    std::vector<Trial> log;
    for (int n = 1; n <= cut; ++n) log.push_back(tried(n, whole[static_cast<std::size_t>(n) - 1]));
    resumed->record(log);
    EXPECT_EQ(resumed->suggest(1).front().point, whole[static_cast<std::size_t>(cut)]) << cut;
  }
}

TEST(Gp, DoesNotCareInWhichOrderItIsTold) {
  const auto points = run(*make_strategy(grid, {}, gp_options(4, 30), rate_problem()).value(), 12);
  std::vector<Trial> log;
  for (int n = 1; n <= 12; ++n) log.push_back(tried(n, points[static_cast<std::size_t>(n) - 1]));
  const auto forward = make_strategy(grid, {}, gp_options(4, 30), rate_problem()).value();
  forward->record(log);
  const auto backward = make_strategy(grid, {}, gp_options(4, 30), rate_problem()).value();
  for (std::size_t i = log.size(); i-- > 0;) {
    backward->record(std::span(&log[i], 1));
    if (i == 6) backward->suggest(0);
  }
  EXPECT_EQ(forward->suggest(1).front().point, backward->suggest(1).front().point);
}

TEST(Gp, SuggestsPointsThatMayRunAtOnceWithoutRepeats) {
  const auto strategy = make_strategy(grid, {}, gp_options(5, 72), rate_problem()).value();
  std::set<std::string> seen;
  int n = 0;
  while (true) {
    const auto suggestions = strategy->suggest(4);
    if (suggestions.empty()) break;
    for (const auto& suggestion : suggestions) {
      EXPECT_TRUE(seen.insert(space::identity(suggestion.point)).second);
      const auto trial = tried(++n, suggestion.point);
      strategy->record(std::span(&trial, 1));
    }
  }
  EXPECT_EQ(seen.size(), 72U);
}

TEST(Gp, BearsMetricsThatAreNoNumbers) {
  const auto strategy = make_strategy(grid, {}, gp_options(6, 40), rate_problem()).value();
  constexpr double odd[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                            0, -5, 1e300};
  for (int n = 1; n <= 40; ++n) {
    const auto suggestions = strategy->suggest(1);
    ASSERT_EQ(suggestions.size(), 1U);
    auto trial = tried(n, suggestions.front().point);
    if (n % 3 == 0) trial.metrics["rate"] = odd[n % 5];
    if (n % 4 == 0) trial.metrics["delay"] = odd[n % 5];
    if (n % 7 == 0) trial.metrics.clear();
    strategy->record(std::span(&trial, 1));
  }
}

TEST(Gp, GoesOnWhenEverythingFails) {
  const auto strategy = make_strategy(grid, {}, gp_options(7, 72), rate_problem()).value();
  for (int n = 1; n <= 72; ++n) {
    const auto suggestions = strategy->suggest(1);
    ASSERT_EQ(suggestions.size(), 1U) << n;
    Trial trial{n, suggestions.front().point, true, TrialClass::failed, {}, 0, 0};
    trial.failure = n % 2 == 0 ? Failure::invalid : Failure::no_cache_room;
    strategy->record(std::span(&trial, 1));
  }
  EXPECT_TRUE(strategy->suggest(1).empty());
}

TEST(Gp, TakesTheSameResultTwiceAndPointsItDoesNotKnow) {
  const auto strategy = make_strategy(grid, {}, gp_options(8, 40), rate_problem()).value();
  std::vector<Trial> log;
  for (int n = 1; n <= 9; ++n) {
    auto trial = tried(n, {{"tp", 2}, {"batch", 64}, {"mode", "fast"}});
    if (n % 3 == 0) trial.point = Point{{"tp", 3}, {"batch", 7}};
    log.push_back(trial);
  }
  strategy->record(log);
  strategy->record(log);
  EXPECT_EQ(strategy->suggest(1).size(), 1U);
}

TEST(Gp, HasOneAnswerInASpaceOfOnePoint) {
  const space::Space space{{{"a", Choices{{1}}}, {"b", Choices{{"x"}}}}, {}};
  const auto strategy = make_strategy(space, {}, gp_options(1, 10)).value();
  const auto suggestions = strategy->suggest(3);
  ASSERT_EQ(suggestions.size(), 1U);
  const Trial trial{1, suggestions.front().point, true, TrialClass::met, 1.0, 0, 0};
  strategy->record(std::span(&trial, 1));
  EXPECT_TRUE(strategy->suggest(1).empty());
}

TEST(Gp, LearnsFromScoresAloneInAVastSpace) {
  space::Space space;
  for (int i = 0; i < 4; ++i) space.parameters.push_back({"n" + std::to_string(i), IntegerRange{1, 1000}});
  space.parameters.push_back({"x", RealRange{0, 1}});
  const auto strategy = make_strategy(space, {}, gp_options(2, 40)).value();
  double best = 1e9;
  double first = 0;
  for (int n = 1; n <= 40; ++n) {
    const auto point = strategy->suggest(1).front().point;
    double score = 100 * std::abs(number(point, "x") - 0.3);
    for (int i = 0; i < 4; ++i)
      score += std::abs(number(point, ("n" + std::to_string(i)).c_str()) - 400) / 10;
    best = std::min(best, score);
    if (n == 6) first = best;
    const Trial trial{n, point, true, TrialClass::met, score, 0, 0};
    strategy->record(std::span(&trial, 1));
  }
  EXPECT_LT(best, first * 0.6);
}

TEST(Gp, StartsWhereThePriorExpectsMost) {
  auto problem = rate_problem();
  problem.prior = [](const Point& point) -> std::optional<PriorEstimate> {
    const auto trial = tried(1, point);
    PriorEstimate estimate;
    if (trial.rank == TrialClass::failed) {
      estimate.metrics = {{"rate", 500}, {"delay", 50}};
      estimate.memory_margin = -0.1;
    } else {
      estimate.metrics = trial.metrics;
      estimate.memory_margin = 0.2;
    }
    return estimate;
  };
  const auto strategy = make_strategy(grid, {}, gp_options(9, 10), problem).value();
  const auto suggestion = strategy->suggest(1).front();
  EXPECT_EQ(suggestion.point, (Point{{"tp", 2}, {"batch", 64}, {"mode", "fast"}}));
  EXPECT_EQ(suggestion.reason, "prior: expected to be best");
}

TEST(Gp, ForgetsAPriorThatIsWrong) {
  auto problem = rate_problem();
  problem.prior = [](const Point& point) -> std::optional<PriorEstimate> {
    const auto right = tried(1, point);
    PriorEstimate estimate;
    estimate.memory_margin = 0.2;
    for (const auto& [name, value] : right.metrics) estimate.metrics[name] = 1e5 / value;
    if (right.metrics.empty()) estimate.metrics = {{"rate", 100}, {"delay", 100}};
    return estimate;
  };
  int found = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto points = run(*make_strategy(grid, {}, gp_options(seed, 30), problem).value(), 30);
    const Point best{{"tp", 2}, {"batch", 64}, {"mode", "fast"}};
    found += std::ranges::find(points, best) != points.end() ? 1 : 0;
  }
  EXPECT_GE(found, 4);
}

TEST(Gp, AdvisesToStopWhenLittleIsLeftToGain) {
  const auto strategy = make_strategy(grid, {}, gp_options(3, 70), rate_problem()).value();
  EXPECT_FALSE(strategy->stop_advice());
  run(*strategy, 8);
  const auto early = strategy->stop_advice();
  ASSERT_TRUE(early);
  run(*strategy, 40, 9);
  const auto late = strategy->stop_advice();
  ASSERT_TRUE(late);
  EXPECT_LE(late->chance, early->chance);
  EXPECT_TRUE(late->stop) << late->words;
  EXPECT_NE(late->words.find("% chance that an untried configuration is more than 1 % better"),
            std::string::npos);
}

TEST(Gp, DoesNotAdviseToStopBeforeItHasTriedEightPointsOfItsOwn) {
  const space::Space line{{{"n", IntegerRange{1, 20}}}, {}};
  const auto flat = [](int number, const Point& point) {
    Trial trial{number, point, true, TrialClass::met, {}, 0, 0};
    trial.metrics = {{"rate", 100}};
    return trial;
  };
  Problem problem;
  problem.objective = Objective{"rate", Direction::maximize};
  const auto strategy = make_strategy(line, {}, gp_options(1, 20), problem).value();
  // What is known beforehand makes the model certain, and counts for nothing.
  for (int n = 0; n < 10; ++n) {
    const auto known = flat(-n, {{"n", 2 * n + 1}});
    strategy->record(std::span(&known, 1));
  }
  for (int n = 1; n <= 8; ++n) {
    EXPECT_FALSE(strategy->stop_advice()) << n;
    const auto trial = flat(n, strategy->suggest(1).front().point);
    strategy->record(std::span(&trial, 1));
  }
  const auto advice = strategy->stop_advice();
  ASSERT_TRUE(advice);
  EXPECT_TRUE(advice->stop) << advice->words;
}

TEST(Gp, AdvisesAndSuggestsTheSameAfterAResume) {
  const auto whole = make_strategy(grid, {}, gp_options(3, 70), rate_problem()).value();
  const auto points = run(*whole, 20);
  const auto resumed = make_strategy(grid, {}, gp_options(3, 70), rate_problem()).value();
  std::vector<Trial> log;
  log.reserve(points.size());
  for (const auto& point : points) log.push_back(tried(static_cast<int>(log.size()) + 1, point));
  resumed->record(log);
  EXPECT_EQ(whole->stop_advice()->chance, resumed->stop_advice()->chance);
  EXPECT_EQ(whole->suggest(1).front().point, resumed->suggest(1).front().point);
}

TEST(Gp, LearnsFromABaselineThatItDidNotSuggest) {
  const auto alone = make_strategy(grid, {}, gp_options(3, 20), rate_problem()).value();
  const auto informed = make_strategy(grid, {}, gp_options(3, 20), rate_problem()).value();
  auto baseline = tried(0, {{"tp", 2}, {"batch", 64}, {"mode", "slow"}});
  informed->record(std::span(&baseline, 1));
  EXPECT_EQ(informed->suggest(1).size(), 1U);
  EXPECT_EQ(informed->planned(), alone->planned());
}

TEST(Gp, NamesContradictoryConstraints) {
  auto space = grid;
  space.constraints.push_back(space::Constraint::parse("tp > 4").value());
  space.constraints.push_back(space::Constraint::parse("tp < 2").value());
  const auto strategy = make_strategy(space, {}, gp_options(1, 10));
  ASSERT_FALSE(strategy);
  EXPECT_NE(strategy.error().message.find("constraint \"tp > 4\" does not hold"), std::string::npos);
  EXPECT_NE(strategy.error().message.find("constraint \"tp < 2\" does not hold"), std::string::npos);
}

TEST(Gp, TriesMoreValuesOfWhatDecidesMoreAsLongAsNothingIsKnown) {
  const space::Space alike{
      {{"a", Choices{{1, 2, 4, 8, 16, 32, 64, 128}}}, {"b", Choices{{1, 2, 4, 8, 16, 32, 64, 128}}}}, {}};
  std::size_t first = 0;
  std::size_t second = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Problem problem;
    problem.objective = Objective{"rate", Direction::maximize};
    problem.knobs = {{.name = "a", .group_rank = 0}, {.name = "b", .group_rank = 4}};
    const auto strategy = make_strategy(alike, {}, gp_options(seed, 20), problem).value();
    std::set<double> a;
    std::set<double> b;
    for (int n = 1; n <= 8; ++n) {
      Trial trial;
      trial.number = n;
      trial.point = strategy->suggest(1).front().point;
      trial.finished = true;
      trial.rank = TrialClass::met;
      trial.metrics = {{"rate", 100}};
      a.insert(number(trial.point, "a"));
      b.insert(number(trial.point, "b"));
      strategy->record(std::span(&trial, 1));
    }
    first += a.size();
    second += b.size();
  }
  EXPECT_GT(first, second);
}

}  // namespace
}  // namespace autotuner::search
