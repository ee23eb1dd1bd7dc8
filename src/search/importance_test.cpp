#include "search/importance.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/text.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::Point;
using space::RealRange;

const space::Space mixed{{{"a", Choices{{1, 2, 4, 8}}},
                          {"b", Choices{{"x", "y", "z"}}},
                          {"c", RealRange{0, 1}},
                          {"fixed", Choices{{7}}}},
                         {}};

struct Trials {
  std::vector<Point> points;
  std::vector<double> values;
};

double number(const Point& point, const char* name) {
  return *point.find(name)->as_number();
}

Trials trials(int count, double (*value)(const Point&)) {
  Trials result;
  base::Random random(3);
  for (int i = 0; i < count; ++i) {
    const auto a = std::int64_t{1} << random.integer(0, 3);
    const char* b = std::array{"x", "y", "z"}[static_cast<std::size_t>(random.integer(0, 2))];
    result.points.push_back(Point{{"a", a}, {"b", b}, {"c", random.uniform()}, {"fixed", 7}});
    result.values.push_back(value(result.points.back()));
  }
  return result;
}

double share(const Importance& importance, const std::string& parameter) {
  for (const auto& effect : importance.effects) {
    if (effect.parameter == parameter) return effect.share;
  }
  return -1;
}

TEST(Importance, IsTheShareOfTheVarianceThatAParameterAloneExplains) {
  // Over the whole space the variances are 1 (b: 0 or 3/sqrt 2) and 1/12 * 12 * 0.25 = 0.25 (c).
  const auto data = trials(400, [](const Point& p) {
    return (*p.find("b") == space::Value("x") ? 3 / std::sqrt(2.0) : 0) + std::sqrt(3.0) * number(p, "c");
  });
  const auto result = importance(mixed, data.points, data.values);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->trials, 400U);
  EXPECT_EQ(result->effects.size(), 3U);
  EXPECT_EQ(result->effects[0].parameter, "b");
  EXPECT_NEAR(share(*result, "b"), 0.8, 0.05);
  EXPECT_NEAR(share(*result, "c"), 0.2, 0.05);
  EXPECT_LT(share(*result, "a"), 0.02);
  EXPECT_EQ(share(*result, "fixed"), -1);
}

/// Fewer trees are enough where only their mean is looked at.
constexpr std::size_t few_trees = 16;

TEST(Importance, SaysWhatEachValueIsWorthWithAllElseAsInTheTrials) {
  const auto data = trials(200, [](const Point& p) {
    return 10 * number(p, "a") + (*p.find("b") == space::Value("y") ? 5 : 0) + number(p, "c");
  });
  const auto result = importance(mixed, data.points, data.values, few_trees);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->effects[0].parameter, "a");
  const auto& levels = result->effects[0].levels;
  ASSERT_EQ(levels.size(), 4U);
  EXPECT_EQ(levels[0].value, "1");
  EXPECT_EQ(levels[3].value, "8");
  // A third of the trials have y, 5 / 3 on average, and c is 1 / 2.
  for (const auto& [index, a] : {std::pair(0U, 1.0), {1U, 2.0}, {2U, 4.0}, {3U, 8.0}}) {
    EXPECT_NEAR(levels[index].mean, 10 * a + 5.0 / 3 + 0.5, 1.5) << a;
    EXPECT_GT(levels[index].deviation, 0) << a;
    EXPECT_LT(levels[index].deviation, 3) << a;
  }
  ASSERT_EQ(result->effects[1].parameter, "b");
  ASSERT_EQ(result->effects[1].levels.size(), 3U);
  EXPECT_EQ(result->effects[1].levels[1].value, "y");
  EXPECT_NEAR(result->effects[1].levels[1].mean - result->effects[1].levels[0].mean, 5, 1);
}

TEST(Importance, KeepsInTheTrialsWhatWasTriedTogether) {
  // a is only ever large where b is x, which alone matters: what a does is averaged over what was tried.
  Trials data;
  for (int i = 0; i < 60; ++i) {
    const bool x = i % 3 == 0;
    data.points.push_back(Point{{"a", x ? 8 : 1}, {"b", x ? "x" : "y"}, {"c", 0.01 * i}, {"fixed", 7}});
    data.values.push_back(x ? 30 : 0);
  }
  const auto result = importance(mixed, data.points, data.values, few_trees);
  ASSERT_TRUE(result);
  for (const auto& effect : result->effects) {
    if (effect.parameter != "c") continue;
    for (const auto& level : effect.levels) EXPECT_NEAR(level.mean, 10, 3) << "a third of the trials have 30";
  }
}

TEST(Importance, ThinsTheLevelsOfARangeAndKeepsItsEnds) {
  const auto data = trials(60, [](const Point& p) { return number(p, "c"); });
  const auto result = importance(mixed, data.points, data.values, few_trees);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->effects[0].parameter, "c");
  const auto& levels = result->effects[0].levels;
  ASSERT_EQ(levels.size(), 12U);
  EXPECT_LT(*base::to_number(levels.front().value), 0.1);
  EXPECT_GT(*base::to_number(levels.back().value), 0.9);
  EXPECT_LT(levels.front().mean + 0.5, levels.back().mean);
}

TEST(Importance, LeavesToInteractionsWhatNoParameterDoesAlone) {
  // A product of two signs has no main effects at all.
  const auto data = trials(400, [](const Point& p) {
    return (number(p, "a") > 2 ? 1.0 : -1.0) * (number(p, "c") > 0.5 ? 1.0 : -1.0);
  });
  const auto result = importance(mixed, data.points, data.values);
  ASSERT_TRUE(result);
  EXPECT_LT(share(*result, "a") + share(*result, "b") + share(*result, "c"), 0.2);
}

TEST(Importance, SaysNothingOfFewerThanTenSuccesses) {
  auto data = trials(10, [](const Point& p) { return number(p, "c"); });
  EXPECT_TRUE(importance(mixed, data.points, data.values));
  data.values.back() = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(importance(mixed, data.points, data.values));
  data = trials(10, [](const Point& p) { return number(p, "c"); });
  data.points.back() = Point{{"a", 1}};
  EXPECT_FALSE(importance(mixed, data.points, data.values));
}

TEST(Importance, FindsNothingInAConstant) {
  const auto data = trials(30, [](const Point&) { return 5.0; });
  const auto result = importance(mixed, data.points, data.values);
  ASSERT_TRUE(result);
  for (const auto& effect : result->effects) EXPECT_EQ(effect.share, 0) << effect.parameter;
}

TEST(Importance, IsTheSameEachTime) {
  const auto data = trials(40, [](const Point& p) { return number(p, "c") * number(p, "a"); });
  EXPECT_EQ(importance(mixed, data.points, data.values), importance(mixed, data.points, data.values));
}

TEST(Importance, WarnsOfParametersThatWereVariedTogether) {
  auto data = trials(30, [](const Point& p) { return number(p, "c"); });
  for (std::size_t i = 0; i < data.points.size(); ++i)
    data.points[i].set("c", space::Value(number(data.points[i], "a") / 10));
  const auto result = importance(mixed, data.points, data.values);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->entangled.size(), 1U);
  EXPECT_EQ(result->entangled[0].first, "a");
  EXPECT_EQ(result->entangled[0].second, "c");
  EXPECT_NEAR(result->entangled[0].correlation, 1, 1e-9);
}

TEST(Importance, AveragesOverTheValuesOfAListHoweverOftenTheyWereTried) {
  // 45 of 50 trials at one value: the effect is that of the whole list.
  Trials data;
  const space::Space two{{{"a", Choices{{1, 2}}}, {"n", IntegerRange{1, 1000}}}, {}};
  for (int i = 0; i < 50; ++i) {
    data.points.push_back(Point{{"a", i < 45 ? 1 : 2}, {"n", 1 + 20 * (i * 7 % 50)}});
    data.values.push_back(i < 45 ? 0 : 1);
  }
  const auto result = importance(two, data.points, data.values);
  ASSERT_TRUE(result);
  EXPECT_GT(share(*result, "a"), 0.7);
}

TEST(RankCorrelation, IsThatOfSpearman) {
  EXPECT_DOUBLE_EQ(rank_correlation(std::vector<double>{1, 2, 3, 4}, std::vector<double>{1, 4, 9, 16}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation(std::vector<double>{1, 2, 3, 4}, std::vector<double>{4, 3, 2, 1}), -1);
  // 1 - 6 * (1 + 1 + 1 + 1) / (4 * 15)
  EXPECT_DOUBLE_EQ(rank_correlation(std::vector<double>{1, 2, 3, 4}, std::vector<double>{2, 1, 4, 3}), 0.6);
  EXPECT_DOUBLE_EQ(rank_correlation(std::vector<double>{1, 2}, std::vector<double>{3, 3}), 0);
}

}  // namespace
}  // namespace autotuner::search
