#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "search/frontier.hpp"
#include "search/study.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::Point;

const space::Space grid{{{"batch", Choices{{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}}},
                         {"tp", Choices{{1, 2, 4, 8}}},
                         {"mode", Choices{{"slow", "fast", "other", "odd"}}}},
                        {}};

double number(const Point& point, const char* name) {
  return point.find(name)->as_number().value_or(0);
}

/// Throughput grows with the batch, and so does latency; more tensor parallelism trades one for the other;
/// "fast" is better in both.
std::map<std::string, double> metrics_at(const Point& point) {
  const double batch = number(point, "batch");
  const double tp = number(point, "tp");
  const double quick = *point.find("mode") == space::Value("fast") ? 1 : 0.6;
  return {{"rate", quick * 100 * batch / (1 + batch / 64) / std::sqrt(tp)},
          {"delay", (0.02 + 0.001 * batch) / std::pow(tp, 0.7) / quick},
          {"cost", tp * (1 + batch / 1000)}};
}

Trial tried(int number, const Point& point) {
  Trial trial;
  trial.number = number;
  trial.point = point;
  trial.finished = true;
  trial.rank = TrialClass::met;
  trial.failure = Failure::none;
  trial.metrics = metrics_at(point);
  return trial;
}

Problem two_objectives() {
  Problem problem;
  problem.objectives = {{"rate", Direction::maximize}, {"delay", Direction::minimize}};
  return problem;
}

Options options_of(Kind kind, std::uint64_t seed) {
  Options options;
  options.kind = kind;
  options.seed = seed;
  options.max_iterations = 160;
  options.horizon = 24;
  return options;
}

struct Outcome {
  double share = 0;  ///< of the hypervolume that can be reached
  std::vector<Point> points;
};

Outcome outcome_of(const Problem& problem, Kind kind, std::uint64_t seed, int trials) {
  const auto keeps = [&](const std::map<std::string, double>& metrics) {
    return std::ranges::all_of(problem.slos,
                               [&](const Slo& slo) { return metrics.at(slo.metric) <= slo.max; });
  };
  const auto values_of = [&](const Point& point) {
    const auto trial = tried(1, point);
    return keeps(trial.metrics) ? log_values(trial, problem.objectives) : Values{};
  };
  std::vector<Values> all;
  const auto listed = space::enumerate(grid, {}, space::Dedupe::exact, space::GridOrder::lexicographic, 0);
  for (const auto& candidate : listed->items) {
    if (auto values = values_of(candidate.point); !values.empty()) all.push_back(std::move(values));
  }
  const auto reference = reference_below(all, 0.01);
  Outcome outcome;
  std::vector<Values> seen;
  Study study(make_strategy(grid, {}, options_of(kind, seed), problem).value(), problem);
  for (int n = 0; n < trials; ++n) {
    const auto asked = study.ask(1);
    if (asked.empty()) break;
    outcome.points.push_back(asked.front().point);
    study.tell({.point = asked.front().point, .metrics = metrics_at(asked.front().point)});
    if (auto values = values_of(asked.front().point); !values.empty()) seen.push_back(std::move(values));
  }
  outcome.share = Frontier(seen, reference).hypervolume() / Frontier(all, reference).hypervolume();
  return outcome;
}

double mean_share(const Problem& problem, Kind kind, int trials) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) sum += outcome_of(problem, kind, seed, trials).share / 6;
  return sum;
}

TEST(SeveralObjectives, GpFindsMoreOfTheFrontierThanChance) {
  const double found = mean_share(two_objectives(), Kind::gp, 24);
  EXPECT_GT(found, 0.95);
  EXPECT_GT(found, mean_share(two_objectives(), Kind::random, 24) + 0.03);
}

TEST(SeveralObjectives, ThreeWorkAsWell) {
  auto problem = two_objectives();
  problem.objectives.push_back({"cost", Direction::minimize});
  const double found = mean_share(problem, Kind::gp, 24);
  EXPECT_GT(found, 0.9);
  EXPECT_GT(found, mean_share(problem, Kind::random, 24));
}

TEST(SeveralObjectives, TheFrontierIsOfWhatKeepsTheLimits) {
  auto problem = two_objectives();
  problem.slos.push_back({"delay", 0.03, 8, false});
  EXPECT_GT(mean_share(problem, Kind::gp, 24), 0.9);
  const auto broken = [&](Kind kind) {
    const auto points = outcome_of(problem, kind, 1, 24).points;
    return std::ranges::count_if(points,
                                 [](const Point& point) { return metrics_at(point).at("delay") > 0.03; });
  };
  EXPECT_LT(broken(Kind::gp), broken(Kind::random));
}

TEST(SeveralObjectives, OtherStrategiesRankByNonDomination) {
  for (const auto kind : {Kind::tpe, Kind::forest, Kind::hill_climb}) {
    const auto outcome = outcome_of(two_objectives(), kind, 2, 30);
    std::set<std::string> distinct;
    for (const auto& point : outcome.points) distinct.insert(space::identity(point));
    EXPECT_EQ(distinct.size(), 30U) << static_cast<int>(kind);
    EXPECT_GT(outcome.share, 0.7) << static_cast<int>(kind);
  }
}

TEST(SeveralObjectives, AResumeGoesOnAsIfNothingHadHappened) {
  const auto problem = two_objectives();
  for (const auto kind : {Kind::gp, Kind::tpe, Kind::forest, Kind::hill_climb}) {
    const auto whole = outcome_of(problem, kind, 4, 18).points;
    for (const std::size_t cut : {1U, 6U, 13U}) {
      auto strategy = make_strategy(grid, {}, options_of(kind, 4), problem).value();
      std::vector<Trial> log;
      log.reserve(cut);
      for (std::size_t i = 0; i < cut; ++i) {
        log.push_back(tried(static_cast<int>(i) + 1, whole[i]));
      }
      strategy->record(log);
      EXPECT_EQ(strategy->suggest(1).front().point, whole[cut]) << static_cast<int>(kind) << " " << cut;
    }
  }
}

TEST(SeveralObjectives, ReasonNamesWhatIsPredictedOfEach) {
  const auto problem = two_objectives();
  Study study(make_strategy(grid, {}, options_of(Kind::gp, 1), problem).value(), problem);
  std::string reason;
  for (int n = 0; n < 8; ++n) {
    const auto asked = study.ask(1);
    study.tell({.point = asked.front().point, .metrics = metrics_at(asked.front().point)});
    reason = asked.front().reason;
  }
  EXPECT_NE(reason.find("predicted rate "), std::string::npos) << reason;
  EXPECT_NE(reason.find(", delay "), std::string::npos) << reason;
  EXPECT_NE(reason.find("hypervolume"), std::string::npos) << reason;
}

TEST(SeveralObjectives, AdviceSpeaksOfTheHypervolume) {
  const auto problem = two_objectives();
  Study study(make_strategy(grid, {}, options_of(Kind::gp, 1), problem).value(), problem);
  for (int n = 0; n < 45; ++n) {
    const auto asked = study.ask(1);
    study.tell({.point = asked.front().point, .metrics = metrics_at(asked.front().point)});
  }
  const auto advice = study.stop_advice();
  ASSERT_TRUE(advice);
  EXPECT_NE(advice->words.find("enlarges the hypervolume by more than 1 %"), std::string::npos);
  EXPECT_TRUE(advice->stop) << advice->words;
}

TEST(SeveralObjectives, TrialsWithoutAMetricTeachWhatTheyHave) {
  const auto problem = two_objectives();
  auto strategy = make_strategy(grid, {}, options_of(Kind::gp, 1), problem).value();
  std::vector<Trial> log;
  for (int n = 1; n <= 6; ++n) {
    const auto point = strategy->suggest(1).front().point;
    auto trial = tried(n, point);
    if (n % 2 == 0) trial.metrics.erase("delay");
    if (n == 5) trial.metrics["rate"] = std::nan("");
    strategy->record(std::span(&trial, 1));
  }
  EXPECT_EQ(strategy->suggest(3).size(), 3U);
}

TEST(SeveralObjectives, OneOrFourAreRefused) {
  auto problem = two_objectives();
  problem.objectives.pop_back();
  const auto one = make_strategy(grid, {}, options_of(Kind::gp, 1), problem);
  ASSERT_FALSE(one);
  EXPECT_NE(one.error().message.find("1 objectives; must be two or three"), std::string::npos);
  problem.objectives.assign(4, {"rate", Direction::maximize});
  EXPECT_FALSE(make_strategy(grid, {}, options_of(Kind::gp, 1), problem));
}

}  // namespace
}  // namespace autotuner::search
