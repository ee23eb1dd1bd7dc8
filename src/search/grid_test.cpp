#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "search/strategy.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::Point;

const space::Space example{{{"tp-size", Choices{{1, 2, 4}}}, {"mem-fraction", Choices{{0.8, 0.9}}}}, {}};

TEST(GridSearch, RunsTheFirstPointsWhenCut) {
  Options options;
  options.max_iterations = 4;
  const auto strategy = make_strategy(example, {}, options).value();
  EXPECT_EQ(strategy->planned(), 4U);
  const auto suggestions = strategy->suggest(10);
  ASSERT_EQ(suggestions.size(), 4U);
  EXPECT_EQ(suggestions[0].point, (Point{{"tp-size", 1}, {"mem-fraction", 0.8}}));
  EXPECT_EQ(suggestions[1].point, (Point{{"tp-size", 1}, {"mem-fraction", 0.9}}));
  EXPECT_EQ(suggestions[2].point, (Point{{"tp-size", 2}, {"mem-fraction", 0.8}}));
  EXPECT_EQ(suggestions[3].point, (Point{{"tp-size", 2}, {"mem-fraction", 0.9}}));
  EXPECT_EQ(suggestions[2].reason, "grid 3 of 4");
  EXPECT_EQ(suggestions[2].phase, "grid");
}

TEST(GridSearch, FollowsTheOrderAskedFor) {
  Options options;
  options.order = space::GridOrder::shuffled;
  options.seed = 3;
  const auto expected = space::enumerate(example, {}, options.dedupe, options.order, 3)->items;
  const auto suggestions = make_strategy(example, {}, options).value()->suggest(10);
  ASSERT_EQ(suggestions.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(suggestions[i].point, expected[i].point);
}

TEST(GridSearch, TakesSpacedRealsAndRecognisesThemInTheLog) {
  const space::Space space{{{"m", space::RealRange{0.7, 0.95, false, 6}}}, {}};
  const auto strategy = make_strategy(space, {}, {}).value();
  strategy->record(std::vector<Trial>{{1, {{"m", 0.8}}, true, TrialClass::met, 1.0, 0, 0}});
  EXPECT_EQ(strategy->suggest(10).size(), 5U);
}

TEST(GridSearch, WritesItsIndexAndTheCutGrid) {
  Options options;
  options.max_iterations = 3;
  const auto strategy = make_strategy(example, {}, options).value();
  EXPECT_EQ(strategy->suggest(2).size(), 2U);
  const auto state = strategy->state();
  EXPECT_EQ(state["strategy_class"], "GridSearchStrategy");
  EXPECT_EQ(state["current_index"], 2);
  EXPECT_EQ(
      base::to_compact_text(state["param_grid"]),
      R"([{"tp-size":1,"mem-fraction":0.8},{"tp-size":1,"mem-fraction":0.9},{"tp-size":2,"mem-fraction":0.8}])");
}

TEST(GridSearch, LeavesOutOfItsStateWhatGrowsWhereThatIsNotWanted) {
  const auto strategy = make_strategy(example, {}, {}).value();
  strategy->suggest(1);
  const auto state = strategy->state(false);
  EXPECT_FALSE(state.contains("param_grid"));
  EXPECT_FALSE(state.contains("history"));
  EXPECT_EQ(state["current_index"], 1);
}

}  // namespace
}  // namespace autotuner::search
