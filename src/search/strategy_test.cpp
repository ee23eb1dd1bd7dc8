#include "search/strategy.hpp"

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::Point;
using space::RealRange;
using space::Space;

Space small_space() {
  return {{{"tp", Choices{{1, 2, 4}}}, {"mode", Choices{{"a", "b"}}}, {"n", IntegerRange{1, 5}}}, {}};
}

Space open_space() {
  Space space{{{"tp", Choices{{1, 2, 4}}}, {"m", RealRange{0.7, 0.95}}, {"k", IntegerRange{4096, 16384}}},
              {}};
  space.constraints.push_back(space::Constraint::parse("tp < 4 or m < 0.8").value());
  return space;
}

Space huge_space() {
  Space space;
  for (int i = 0; i < 4; ++i) space.parameters.push_back({"p" + std::to_string(i), IntegerRange{1, 1000}});
  return space;
}

std::unique_ptr<Strategy> made(const Space& space, const Options& options,
                               const space::PointRules& rules = {}) {
  auto strategy = make_strategy(space, rules, options);
  EXPECT_TRUE(strategy) << strategy.error().message;
  return std::move(*strategy);
}

/// Some result that depends on the point alone, a failure now and then.
Trial finished(int number, const Point& point) {
  Trial trial{number, point, true, TrialClass::met, {}, 0, 2};
  const auto hash = std::hash<std::string>()(space::identity(point)) % 1000;
  trial.score = static_cast<double>(hash) / 100;
  if (hash % 7 == 0) trial.rank = TrialClass::failed;
  if (hash % 5 == 0) trial.rank = TrialClass::missed;
  return trial;
}

/// Runs up to `count` trials one after the other, the next one numbered `first`.
std::vector<Trial> run(Strategy& strategy, int first, int count) {
  std::vector<Trial> trials;
  for (int i = 0; i < count; ++i) {
    const auto suggestions = strategy.suggest(1);
    if (suggestions.empty()) break;
    trials.push_back(finished(first + i, suggestions.front().point));
    strategy.record(std::span(&trials.back(), 1));
  }
  return trials;
}

std::vector<Point> points(const std::vector<Trial>& trials) {
  std::vector<Point> points;
  for (const auto& trial : trials) points.push_back(trial.point);
  return points;
}

std::size_t distinct(const std::vector<Trial>& trials) {
  std::set<std::string> identities;
  for (const auto& trial : trials) identities.insert(identity(trial.point));
  return identities.size();
}

TEST(Better, RanksByClassThenScoreThenStageThenPenalty) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Trial> ranked{
      {1, {}, true, TrialClass::met, -5.0, 0, 0},      {2, {}, true, TrialClass::met, 900.0, 0, 0},
      {3, {}, true, TrialClass::met, {}, 0, 2},        {4, {}, true, TrialClass::met, nan, 0, 0},
      {5, {}, true, TrialClass::missed, -900.0, 0, 0}, {6, {}, true, TrialClass::violated, -1e9, 1.2, 0},
      {7, {}, true, TrialClass::violated, {}, 3.0, 0}, {8, {}, true, TrialClass::failed, {}, 1200, 2},
      {9, {}, true, TrialClass::failed, -1e9, 100, 1}, {10, {}, true, TrialClass::failed, {}, 100, 0},
      {11, {}, true, TrialClass::failed, {}, 200, 0},  {12, {}, true, TrialClass::failed, {}, nan, 0}};
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    for (std::size_t j = 0; j < ranked.size(); ++j) {
      EXPECT_EQ(better(ranked[i], ranked[j]), i < j) << i << ' ' << j;
    }
  }
}

TEST(MakeStrategy, RefusesOptionsOutOfRange) {
  Options options;
  options.max_iterations = 0;
  EXPECT_EQ(make_strategy(small_space(), {}, options).error().message,
            "max_iterations is 0; must be at least 1");
  options = {};
  options.initial_random = -1;
  EXPECT_EQ(make_strategy(small_space(), {}, options).error().message,
            "n_initial_random is -1; must be at least 0");
}

TEST(MakeStrategy, TellsWhyAGridIsImpossible) {
  EXPECT_EQ(make_strategy(open_space(), {}, {}).error().message,
            "m: a continuous range needs \"points\" to be part of a grid");
  EXPECT_EQ(make_strategy(huge_space(), {}, {}).error().message,
            "the grid has 1000000000000 points; at most 1000000 can be enumerated");
}

class EveryStrategy : public testing::TestWithParam<Kind> {
 protected:
  static Options options(int max_iterations = 100) {
    Options options;
    options.kind = GetParam();
    options.max_iterations = max_iterations;
    options.seed = 7;
    return options;
  }
};

/// Those that need no list of points.
class EverySampler : public EveryStrategy {};

std::string name_of(const testing::TestParamInfo<Kind>& info) {
  constexpr std::array names{"Grid", "Random", "Sobol", "Tpe"};
  return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryStrategy,
                         testing::Values(Kind::grid_search, Kind::random, Kind::sobol, Kind::tpe), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, EverySampler, testing::Values(Kind::random, Kind::sobol, Kind::tpe), name_of);

TEST_P(EveryStrategy, VisitsEachPointOfAFiniteSpaceOnceAndStops) {
  const auto strategy = made(small_space(), options());
  EXPECT_EQ(strategy->planned(), 30U);
  EXPECT_EQ(strategy->stop_reason(), "");
  const auto trials = run(*strategy, 1, 100);
  EXPECT_EQ(trials.size(), 30U);
  EXPECT_EQ(distinct(trials), 30U);
  EXPECT_TRUE(strategy->suggest(1).empty());
  EXPECT_EQ(strategy->stop_reason(), "space_exhausted");
}

TEST_P(EveryStrategy, StopsAtTheIterationLimit) {
  const auto strategy = made(small_space(), options(12));
  EXPECT_EQ(strategy->planned(), 12U);
  EXPECT_EQ(strategy->suggest(50).size(), 12U);
  EXPECT_TRUE(strategy->suggest(1).empty());
  EXPECT_EQ(strategy->stop_reason(), "max_iterations");
}

TEST_P(EveryStrategy, GoesOnFromTheLogAsIfNothingHadHappened) {
  const auto whole = made(small_space(), options());
  const auto uninterrupted = run(*whole, 1, 20);
  const auto before = made(small_space(), options());
  auto log = run(*before, 1, 7);
  const auto after = made(small_space(), options());
  after->record(log);
  for (const auto& trial : run(*after, 8, 13)) log.push_back(trial);
  EXPECT_EQ(points(log), points(uninterrupted));
}

TEST_P(EveryStrategy, GoesOnFromItsStateDocument) {
  const auto whole = made(small_space(), options());
  const auto uninterrupted = run(*whole, 1, 20);
  const auto before = made(small_space(), options());
  auto log = run(*before, 1, 7);
  const auto document = base::parse_json(base::to_compact_text(before->state())).value();
  const auto after = made(small_space(), options());
  after->record(trials_from_state(document).value());
  for (const auto& trial : run(*after, 8, 13)) log.push_back(trial);
  EXPECT_EQ(points(log), points(uninterrupted));
}

TEST_P(EveryStrategy, RepeatsTheSameBatchesAfterAReplay) {
  const auto first = made(small_space(), options());
  std::vector<Trial> log;
  const auto start = first->suggest(4);
  for (const auto& suggestion : start) {
    log.push_back({static_cast<int>(log.size()) + 1, suggestion.point, false, TrialClass::failed, {}, 0, 0});
  }
  log[1] = finished(2, log[1].point);
  first->record(log);
  const auto second = made(small_space(), options());
  second->record(log);
  const auto a = first->suggest(5);
  const auto b = second->suggest(5);
  ASSERT_EQ(a.size(), 5U);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].point, b[i].point);
}

TEST_P(EveryStrategy, RunsASpaceOfOnePoint) {
  const auto strategy = made(
      Space{{{"tp", Choices{{2}}}, {"n", IntegerRange{3, 3}}, {"m", RealRange{0.5, 0.5}}}, {}}, options());
  EXPECT_EQ(strategy->planned(), 1U);
  const auto suggestions = strategy->suggest(3);
  ASSERT_EQ(suggestions.size(), 1U);
  EXPECT_EQ(suggestions[0].point, (Point{{"tp", 2}, {"n", 3}, {"m", 0.5}}));
  EXPECT_EQ(strategy->stop_reason(), "space_exhausted");
}

TEST_P(EveryStrategy, RunsTheEngineDefaultsWhenNothingVaries) {
  for (const auto& space : {Space{}, Space{{{"empty", Choices{}}}, {}}}) {
    const auto strategy = made(space, options());
    const auto suggestions = strategy->suggest(3);
    ASSERT_EQ(suggestions.size(), 1U);
    EXPECT_TRUE(suggestions[0].point.empty());
    EXPECT_EQ(strategy->stop_reason(), "space_exhausted");
  }
}

TEST_P(EveryStrategy, ListsTheReasonsWhenNothingCanRun) {
  auto space = small_space();
  space.constraints.push_back(space::Constraint::parse("tp > 1").value());
  space::PointRules rules;
  rules.why_invalid = [](const Point&) { return std::optional<std::string>("not enough GPUs"); };
  EXPECT_EQ(make_strategy(space, rules, options()).error().message,
            "no configuration of the search space can run; all 30 are excluded: 20 x not enough GPUs (such "
            "as tp=2 mode=a "
            "n=1); 10 x constraint \"tp > 1\" does not hold (such as tp=1 mode=a n=1)");
}

TEST_P(EveryStrategy, RunsEqualPointsOnceAndNamesThem) {
  space::PointRules rules;
  rules.identity = [](const Point& point) {
    auto resolved = point;
    resolved.erase("mode");
    return space::identity(resolved);
  };
  const auto strategy = made(small_space(), options(), rules);
  EXPECT_EQ(strategy->planned(), 15U);
  const auto suggestions = strategy->suggest(100);
  ASSERT_EQ(suggestions.size(), 15U);
  for (const auto& suggestion : suggestions) {
    ASSERT_EQ(suggestion.covers.size(), 1U);
    EXPECT_EQ(*suggestion.covers[0].find("tp"), *suggestion.point.find("tp"));
    EXPECT_NE(suggestion.covers[0], suggestion.point);
  }
  auto exact = options();
  exact.dedupe = space::Dedupe::exact;
  EXPECT_EQ(made(small_space(), exact, rules)->planned(), 30U);
}

TEST_P(EveryStrategy, TakesAnEqualPointFromTheLogForItsTwin) {
  space::PointRules rules;
  rules.identity = [](const Point& point) { return to_text(*point.find("n")); };
  const auto strategy = made(small_space(), options(), rules);
  strategy->record(std::vector{finished(1, {{"n", 3}, {"tp", 4}, {"mode", "b"}})});
  const auto rest = run(*strategy, 2, 100);
  EXPECT_EQ(rest.size(), 4U);
  for (const auto& trial : rest) EXPECT_NE(*trial.point.find("n"), space::Value(3));
}

TEST_P(EveryStrategy, RunsRepeatedValuesAgainWithoutDeduplication) {
  auto none = options();
  none.dedupe = space::Dedupe::none;
  const Space space{{{"a", Choices{{1, 1, 2}}}}, {}};
  const auto before = made(space, none);
  auto log = run(*before, 1, 2);
  const auto after = made(space, none);
  after->record(log);
  for (const auto& trial : run(*after, 3, 9)) log.push_back(trial);
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(std::ranges::count(log, Point{{"a", 1}}, &Trial::point), 2);
}

TEST_P(EveryStrategy, FreesTheSuggestionWhenAnotherPointRan) {
  const auto strategy = made(small_space(), options());
  const auto suggested = strategy->suggest(1).front().point;
  const auto other = *suggested.find("tp") == space::Value(4) ? Point{{"tp", 2}, {"mode", "b"}, {"n", 5}}
                                                              : Point{{"tp", 4}, {"mode", "b"}, {"n", 5}};
  strategy->record(std::vector{finished(1, other)});
  const auto rest = points(run(*strategy, 2, 100));
  EXPECT_EQ(rest.size(), 29U);
  EXPECT_EQ(std::ranges::count(rest, suggested), 1);
  EXPECT_EQ(std::ranges::count(rest, other), 0);
}

TEST_P(EveryStrategy, FreesThePointWhenATrialIsCorrected) {
  const auto strategy = made(small_space(), options());
  auto trials = run(*strategy, 1, 3);
  const auto wrong = trials[1].point;
  trials[1].point = Point{{"elsewhere", 1}};
  strategy->record(trials);
  EXPECT_EQ(std::ranges::count(points(run(*strategy, 4, 100)), wrong), 1);
}

TEST_P(EveryStrategy, TakesRepeatedUnorderedAndUnknownTellsAsTheyAre) {
  const auto calm = made(small_space(), options());
  const auto log = run(*calm, 1, 6);
  const auto strategy = made(small_space(), options());
  std::vector<Trial> told{log[5], log[2], log[0], log[0], log[4], log[3], log[1], log[3]};
  auto late = log[2];
  late.finished = false;
  told.push_back(late);
  strategy->record(told);
  EXPECT_EQ(strategy->suggest(1).front().point, calm->suggest(1).front().point);
  strategy->record(std::vector{finished(40, {{"nowhere", 3}}),
                               finished(41, {{"tp", "x"}, {"mode", 2}, {"n", 99}}),
                               finished(42, {{"tp", 1}, {"mode", "a"}, {"other", 1}})});
  EXPECT_EQ(run(*strategy, 50, 100).size(), 23U);
}

TEST_P(EveryStrategy, LivesWithScoresThatAreNoNumbers) {
  const auto strategy = made(small_space(), options());
  for (int i = 1; i <= 30; ++i) {
    const auto suggestions = strategy->suggest(1);
    ASSERT_EQ(suggestions.size(), 1U);
    Trial trial{i, suggestions[0].point, true, TrialClass::met, std::numeric_limits<double>::quiet_NaN(), 0,
                0};
    if (i % 3 == 0) trial.score = -std::numeric_limits<double>::infinity();
    if (i % 4 == 0) trial = {i, trial.point, true, TrialClass::failed, -1e300, std::nan(""), 0};
    strategy->record(std::span(&trial, 1));
    EXPECT_TRUE(strategy->state()["history"][static_cast<std::size_t>(i) - 1]["objective_score"].is_null());
  }
}

TEST_P(EveryStrategy, LeavesTheBaselineOutOfItsCounts) {
  const auto strategy = made(small_space(), options(10));
  strategy->record(std::vector{finished(0, {{"tp", 1}, {"mode", "a"}, {"n", 1}})});
  EXPECT_EQ(run(*strategy, 1, 100).size(), 10U);
  const auto all = made(small_space(), options(100));
  all->record(std::vector{finished(0, {{"tp", 1}, {"mode", "a"}, {"n", 1}})});
  EXPECT_EQ(run(*all, 1, 100).size(), 30U);
}

TEST_P(EveryStrategy, SaysInOneLineWhyAPoint) {
  const auto strategy = made(small_space(), options());
  const std::set<std::string> phases{"grid", "random", "model"};
  for (int i = 1; i <= 30; ++i) {
    const auto suggestion = strategy->suggest(1).front();
    EXPECT_FALSE(suggestion.reason.empty());
    EXPECT_EQ(suggestion.reason.find('\n'), std::string::npos);
    EXPECT_TRUE(phases.contains(suggestion.phase)) << suggestion.phase;
    strategy->record(std::vector{finished(i, suggestion.point)});
  }
}

TEST_P(EveryStrategy, WritesTheMembersOfTheStateDocument) {
  const auto strategy = made(small_space(), options(10));
  run(*strategy, 1, 2);
  const auto state = strategy->state();
  EXPECT_EQ(base::to_compact_text(state["parameter_spec"]),
            R"({"tp":[1,2,4],"mode":["a","b"],"n":{"type":"integer","low":1,"high":5,"log":false}})");
  EXPECT_EQ(state["objective"], "minimize_latency");
  EXPECT_EQ(state["seed"], 7);
  ASSERT_EQ(state["history"].size(), 2U);
  for (const auto* member :
       {"parameters", "objective_score", "metrics", "experiment_id", "class", "penalty"}) {
    EXPECT_TRUE(state["history"][0].contains(member)) << member;
  }
}

TEST_P(EverySampler, GoesOnFromTheLogInAnOpenSpace) {
  for (const auto& space : {open_space(), huge_space()}) {
    const auto whole = made(space, options());
    const auto uninterrupted = run(*whole, 1, 20);
    const auto before = made(space, options());
    auto log = run(*before, 1, 7);
    const auto document = base::parse_json(base::to_compact_text(before->state())).value();
    const auto after = made(space, options());
    after->record(trials_from_state(document).value());
    for (const auto& trial : run(*after, 8, 13)) log.push_back(trial);
    EXPECT_EQ(points(log), points(uninterrupted));
  }
}

TEST_P(EverySampler, NeedsNoListOfATrillionPoints) {
  const auto strategy = made(huge_space(), options(40));
  EXPECT_EQ(strategy->planned(), 40U);
  const auto trials = run(*strategy, 1, 100);
  EXPECT_EQ(trials.size(), 40U);
  EXPECT_EQ(distinct(trials), 40U);
  EXPECT_EQ(strategy->stop_reason(), "max_iterations");
}

TEST_P(EverySampler, SuggestsOnlyValidPointsOfAnOpenSpace) {
  const auto space = open_space();
  const auto strategy = made(space, options(40));
  for (const auto& trial : run(*strategy, 1, 40)) {
    EXPECT_TRUE(space.constraints[0].holds(trial.point).value()) << to_text(trial.point);
    EXPECT_GE(trial.point.find("m")->as_number(), 0.7);
    EXPECT_LE(trial.point.find("m")->as_number(), 0.95);
    EXPECT_GE(trial.point.find("k")->as_integer(), 4096);
    EXPECT_LE(trial.point.find("k")->as_integer(), 16384);
  }
}

TEST_P(EverySampler, GivesUpOnAnOpenSpaceThatIsUsedUp) {
  space::PointRules rules;
  rules.identity = [](const Point& point) { return *point.find("m")->as_number() < 0.5 ? "low" : "high"; };
  const Space space{{{"m", RealRange{0, 1}}}, {}};
  const auto strategy = made(space, options(), rules);
  const auto trials = run(*strategy, 1, 10);
  EXPECT_EQ(trials.size(), 2U);
  EXPECT_EQ(strategy->stop_reason(), "space_exhausted");
  EXPECT_TRUE(strategy->suggest(1).empty());
}

TEST_P(EverySampler, ListsTheReasonsWhenNoDrawCanRun) {
  auto space = open_space();
  space.constraints.push_back(space::Constraint::parse("m > 0.9").value());
  space.constraints.push_back(space::Constraint::parse("m < 0.75").value());
  const auto message = make_strategy(space, {}, options()).error().message;
  EXPECT_TRUE(message.starts_with(
      "no configuration of the search space can run; all 10000 that were tried are excluded: "))
      << message;
  EXPECT_NE(message.find("x constraint \"m > 0.9\" does not hold (such as tp="), std::string::npos)
      << message;
}

TEST_P(EverySampler, TakesWholeIntegerRangesAndKeepsToTheirSteps) {
  const Space space{{{"k", IntegerRange{0, 3000, false, 2}}, {"n", IntegerRange{64, 512, true, 64}}}, {}};
  const auto strategy = made(space, options(2000));
  EXPECT_EQ(strategy->planned(), 2000U);
  for (const auto& suggestion : strategy->suggest(50)) {
    EXPECT_EQ(*suggestion.point.find("k")->as_integer() % 2, 0);
    EXPECT_EQ(*suggestion.point.find("n")->as_integer() % 64, 0);
  }
  const Space line{{{"k", IntegerRange{1, 1500}}}, {}};
  EXPECT_EQ(made(line, options(2000))->planned(), 1500U);
}

TEST_P(EverySampler, DependsOnItsSeed) {
  auto other = options();
  other.seed = 8;
  EXPECT_NE(points(run(*made(open_space(), options()), 1, 3)), points(run(*made(open_space(), other), 1, 3)));
}

}  // namespace
}  // namespace autotuner::search
