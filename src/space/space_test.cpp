#include "space/space.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace autotuner::space {
namespace {

constexpr auto plain = GridOrder::lexicographic;

Space two_by_two() {
  return {{{"tp-size", Choices{{1, 2, 4}}}, {"mem-fraction", Choices{{0.8, 0.9}}}}, {}};
}

Candidates listed(const Space& space, const PointRules& rules = {}, Dedupe dedupe = Dedupe::exact,
                  GridOrder order = plain, std::uint64_t seed = 0) {
  auto candidates = enumerate(space, rules, dedupe, order, seed);
  EXPECT_TRUE(candidates) << candidates.error().message;
  return std::move(*candidates);
}

std::vector<Point> points(const Candidates& candidates) {
  std::vector<Point> points;
  points.reserve(candidates.items.size());
  for (const auto& item : candidates.items) points.push_back(item.point);
  return points;
}

std::set<std::string> identities(const Candidates& candidates) {
  std::set<std::string> identities;
  for (const auto& item : candidates.items) identities.insert(identity(item.point));
  return identities;
}

TEST(Space, VisitsTheLastKeyFastest) {
  const auto grid = points(listed(two_by_two()));
  ASSERT_EQ(grid.size(), 6U);
  EXPECT_EQ(to_text(grid[0]), "tp-size=1 mem-fraction=0.8");
  EXPECT_EQ(to_text(grid[1]), "tp-size=1 mem-fraction=0.9");
  EXPECT_EQ(to_text(grid[2]), "tp-size=2 mem-fraction=0.8");
  EXPECT_EQ(to_text(grid[3]), "tp-size=2 mem-fraction=0.9");
}

TEST(Space, FindsGridPointsByIndex) {
  const auto space = two_by_two();
  ASSERT_EQ(grid_size(space), 6U);
  const auto grid = points(listed(space));
  for (std::size_t i = 0; i < grid.size(); ++i) EXPECT_EQ(grid_point(space, i), grid[i]);
}

TEST(Space, LeavesParametersWithoutValuesOut) {
  const Space space{{{"a", Choices{}}, {"b", Choices{{1, 2}}}}, {}};
  EXPECT_EQ(grid_size(space), 2U);
  EXPECT_EQ(grid_point(space, 1), (Point{{"b", 2}}));
  EXPECT_EQ(points(listed(space)), (std::vector<Point>{{{"b", 1}}, {{"b", 2}}}));
}

TEST(Space, HasOnePointWithoutKeys) {
  EXPECT_EQ(grid_size(Space{}), 1U);
  EXPECT_EQ(grid_point(Space{}, 0), Point{});
  for (const auto order : {GridOrder::lexicographic, GridOrder::shuffled, GridOrder::halton}) {
    EXPECT_EQ(points(listed(Space{}, {}, Dedupe::resolved, order)), std::vector<Point>{Point{}});
  }
}

TEST(Space, CountsHugeGridsWithoutVisitingThem) {
  Space space;
  for (int i = 0; i < 4; ++i) space.parameters.push_back({"p" + std::to_string(i), IntegerRange{1, 1000}});
  EXPECT_EQ(grid_size(space), 1'000'000'000'000U);
  EXPECT_EQ(to_text(grid_point(space, 999'999'999'999U)), "p0=1000 p1=1000 p2=1000 p3=1000");
  EXPECT_EQ(enumerate(space, {}, Dedupe::exact, plain, 0).error().message,
            "the grid has 1000000000000 points; at most 1000000 can be enumerated");
  for (int i = 4; i < 10; ++i) space.parameters.push_back({"p" + std::to_string(i), IntegerRange{1, 1000}});
  EXPECT_EQ(grid_size(space), std::uint64_t{1} << 63);
}

TEST(Space, NamesTheParameterThatHasNoGrid) {
  const Space real{{{"m", RealRange{0.7, 0.9}}}, {}};
  EXPECT_EQ(grid_size(real), std::nullopt);
  EXPECT_EQ(enumerate(real, {}, Dedupe::exact, plain, 0).error().message,
            "m: a continuous range needs \"points\" to be part of a grid");
  const Space wide{{{"k", IntegerRange{4096, 16384}}}, {}};
  EXPECT_EQ(enumerate(wide, {}, Dedupe::exact, plain, 0).error().message,
            "k: a grid takes at most 1000 values from an integer range; give it a larger \"step\"");
}

TEST(Space, RunsRepeatedValuesOnceUnlessAsked) {
  const Space space{{{"a", Choices{{1, 1.0, 2}}}}, {}};
  EXPECT_EQ(listed(space, {}, Dedupe::none).items.size(), 3U);
  const auto exact = listed(space);
  EXPECT_EQ(points(exact), (std::vector<Point>{{{"a", 1}}, {{"a", 2}}}));
  EXPECT_TRUE(exact.items[0].covers.empty());
  EXPECT_EQ(exact.points, 3U);
  EXPECT_EQ(exact.valid, 3U);
  EXPECT_EQ(exact.item_of, (std::vector<std::uint32_t>{0, 0, 1}));
}

TEST(Space, RunsPointsThatResolveAlikeOnceAndSaysWhichTheyAre) {
  const Space space{{{"dtype", Choices{{"auto", Value(), "auto", "fp8"}}}, {"a", Choices{{1, 2}}}}, {}};
  PointRules rules;
  rules.identity = [](const Point& point) {
    Point resolved = point;
    if (*point.find("dtype") == Value("auto")) resolved.set("dtype", Value());
    return identity(resolved);
  };
  const auto resolved = listed(space, rules, Dedupe::resolved);
  ASSERT_EQ(resolved.items.size(), 4U);
  EXPECT_EQ(resolved.items[0].covers, (std::vector<Point>{{{"dtype", Value()}, {"a", 1}}}));
  EXPECT_TRUE(resolved.items[2].covers.empty());
  EXPECT_EQ(listed(space, rules, Dedupe::exact).items.size(), 6U);
  EXPECT_EQ(listed(space, rules, Dedupe::none).items.size(), 8U);
}

TEST(Space, GroupsWhatItTakesOutByReason) {
  Space space{{{"tp", Choices{{1, 2, 4, 8}}}, {"pp", Choices{{1, 2}}}}, {}};
  space.constraints.push_back(Constraint::parse("tp * pp <= 8").value());
  PointRules rules;
  rules.why_invalid = [](const Point& point) -> std::optional<std::string> {
    if (*point.find("tp") == Value(1)) return "too few GPUs";
    return std::nullopt;
  };
  const auto candidates = listed(space, rules);
  EXPECT_EQ(candidates.points, 8U);
  EXPECT_EQ(candidates.valid, 5U);
  EXPECT_EQ(candidates.items.size(), 5U);
  ASSERT_EQ(candidates.excluded.size(), 2U);
  EXPECT_EQ(candidates.excluded[0].reason, "too few GPUs");
  EXPECT_EQ(candidates.excluded[0].count, 2U);
  EXPECT_EQ(candidates.excluded[0].example, (Point{{"tp", 1}, {"pp", 1}}));
  EXPECT_EQ(candidates.excluded[1].reason, "constraint \"tp * pp <= 8\" does not hold");
  EXPECT_EQ(to_text(candidates.excluded),
            "2 x too few GPUs (such as tp=1 pp=1); 1 x constraint \"tp * pp <= 8\" does not hold (such as "
            "tp=8 pp=2)");
  EXPECT_EQ(to_text(candidates.excluded, 1), "2 x too few GPUs (such as tp=1 pp=1); and 1 more reasons");
  EXPECT_EQ(std::ranges::count(candidates.item_of, Candidates::no_item), 3);
}

TEST(Space, TakesOutPointsWhoseConstraintHasNoAnswer) {
  Space space{{{"n", Choices{{"auto", 3}}}}, {}};
  space.constraints.push_back(Constraint::parse("n < 4").value());
  const auto candidates = listed(space);
  EXPECT_EQ(candidates.items.size(), 1U);
  ASSERT_EQ(candidates.excluded.size(), 1U);
  EXPECT_NE(candidates.excluded[0].reason.find("can't be ordered"), std::string::npos);
}

TEST(Space, IsEmptyUnderContradictoryConstraints) {
  auto space = two_by_two();
  space.constraints.push_back(Constraint::parse("tp-size > 2").value());
  space.constraints.push_back(Constraint::parse("tp-size < 2").value());
  for (const auto order : {GridOrder::lexicographic, GridOrder::shuffled, GridOrder::halton}) {
    const auto candidates = listed(space, {}, Dedupe::exact, order);
    EXPECT_TRUE(candidates.items.empty());
    EXPECT_EQ(candidates.excluded.size(), 2U);
  }
}

TEST(Space, ShufflesBySeed) {
  const Space space{{{"a", IntegerRange{1, 50}}, {"b", IntegerRange{1, 4}}}, {}};
  const auto first = listed(space, {}, Dedupe::exact, GridOrder::shuffled, 1);
  EXPECT_EQ(points(first), points(listed(space, {}, Dedupe::exact, GridOrder::shuffled, 1)));
  EXPECT_NE(points(first), points(listed(space, {}, Dedupe::exact, GridOrder::shuffled, 2)));
  EXPECT_NE(points(first), points(listed(space)));
  EXPECT_EQ(identities(first), identities(listed(space)));
  for (std::uint64_t i = 0; i < 200; ++i)
    EXPECT_EQ(first.items[first.item_of[i]].point, grid_point(space, i));
}

TEST(Space, SpreadsAHaltonGridEvenlyOverEveryParameter) {
  Space space;
  for (int i = 0; i < 8; ++i) space.parameters.push_back({"p" + std::to_string(i), Choices{{0, 1}}});
  space.parameters.push_back({"q", Choices{{0, 1, 2, 3, 4}}});
  space.parameters.push_back({"fixed", Choices{{7}}});
  const auto candidates = listed(space, {}, Dedupe::exact, GridOrder::halton, 3);
  ASSERT_EQ(candidates.items.size(), 1280U);
  EXPECT_EQ(identities(candidates), identities(listed(space)));
  for (const auto& parameter : space.parameters) {
    const auto values = grid_values(parameter);
    for (const auto& value : values) {
      const auto times =
          std::count_if(candidates.items.begin(), candidates.items.begin() + 40,
                        [&](const Candidate& c) { return *c.point.find(parameter.name) == value; });
      const auto fair = 40.0 / static_cast<double>(values.size());
      EXPECT_NEAR(static_cast<double>(times), fair, 0.5 * fair) << parameter.name;
    }
  }
}

TEST(Space, LooksAtEachOfTwentyThousandPointsAFewTimesAtMost) {
  const Space space{{{"tp", Choices{{1, 2, 4}}},
                     {"a", IntegerRange{1, 12}},
                     {"b", IntegerRange{1, 12}},
                     {"c", IntegerRange{1, 12}},
                     {"mode", Choices{{"x", "y", "z", "w"}}}},
                    {}};
  ASSERT_EQ(grid_size(space), 20736U);
  PointRules rules;
  rules.why_invalid = [](const Point& point) -> std::optional<std::string> {
    return *point.find("a") == Value(13) ? std::optional<std::string>("never") : std::nullopt;
  };
  std::size_t looks = 0;
  rules.identity = [&looks](const Point& point) {
    ++looks;
    return identity(point);
  };
  EXPECT_EQ(listed(space, rules, Dedupe::resolved, GridOrder::halton).items.size(), 20736U);
  // Each look is costly with an engine's rules: quadratic work would show.
  EXPECT_LE(looks, 3 * 20736U);
}

}  // namespace
}  // namespace autotuner::space
