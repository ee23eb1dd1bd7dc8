#include "space/point.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::space {
namespace {

TEST(Point, FindsReplacesAndErasesByName) {
  Point point{{"a", 1}, {"b", "x"}};
  point.set("a", 2);
  point.set("c", true);
  EXPECT_EQ(*point.find("a"), Value(2));
  EXPECT_EQ(point.find("d"), nullptr);
  EXPECT_TRUE(point.contains("c"));
  EXPECT_EQ(point.begin()->first, "a");
  point.erase("a");
  EXPECT_EQ(point.size(), 2U);
  EXPECT_FALSE(point.empty());
}

TEST(Point, ChangesWithoutItsCopies) {
  const Point first{{"a", 1}, {"b", 2}};
  auto replaced = first;
  replaced.set("a", 3);
  auto changed = first;
  changed.set_at(1, 3);
  auto shorter = first;
  shorter.erase("b");
  EXPECT_EQ(first, (Point{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(replaced, (Point{{"a", 3}, {"b", 2}}));
  EXPECT_EQ(changed, (Point{{"a", 1}, {"b", 3}}));
  EXPECT_EQ(shorter, (Point{{"a", 1}}));
}

TEST(Point, SharesOnlyWhatIsWrittenAlike) {
  const Point model{{"a", 1}, {"b", 2}};
  const auto shares = [&model](Point point) {
    point.share(model);
    return point.begin() == model.begin();
  };
  EXPECT_TRUE(shares({{"a", 1}, {"b", 2}}));
  EXPECT_FALSE(shares({{"b", 2}, {"a", 1}})) << "their order is that of the command line";
  EXPECT_FALSE(shares({{"a", 1.0}, {"b", 2}})) << "written with a decimal point";
  EXPECT_FALSE(shares({{"a", 1}}));
}

TEST(Point, KeepsTheLastOfRepeatedNames) {
  EXPECT_EQ((Point{{"a", 1}, {"a", 2}}), (Point{{"a", 2}}));
}

TEST(Point, EqualsWhateverTheOrderOfNames) {
  const Point a{{"x", 1}, {"y", 2.0}};
  const Point b{{"y", 2}, {"x", 1.0}};
  EXPECT_EQ(a, b);
  EXPECT_EQ(identity(a), identity(b));
  EXPECT_NE(a, (Point{{"x", 1}}));
  EXPECT_NE(a, (Point{{"x", 1}, {"z", 2}}));
}

TEST(Point, CannotBeImitatedByNamesWithSeparators) {
  EXPECT_NE(identity(Point{{"a", "b"}, {"c", "d"}}), identity(Point{{"a", "b2:c1:d"}}));
  EXPECT_NE(identity(Point{{"a", 1}}), identity(Point{{"a", "1"}}));
  EXPECT_NE(identity(Point{{"a", 1}}), identity(Point{{"a", true}}));
  EXPECT_NE(identity(Point{{"a", Value()}}), identity(Point{}));
}

TEST(Point, ReadsWellForPeople) {
  EXPECT_EQ(to_text(Point{{"tp-size", 2}, {"mem-fraction-static", 0.85}}),
            "tp-size=2 mem-fraction-static=0.85");
  EXPECT_EQ(to_text(Point{}), "engine defaults");
  EXPECT_EQ(to_text(Point{{"a", "two words"}, {"b", ""}, {"c", Value()}}), "a=\"two words\" b=\"\" c=null");
}

TEST(Point, SurvivesJsonInOrder) {
  const Point point{{"b", 1}, {"a", Value()}, {"c", 0.5}};
  EXPECT_EQ(base::to_compact_text(to_json(point)), R"({"b":1,"a":null,"c":0.5})");
  EXPECT_EQ(point_from_json(to_json(point)).value(), point);
}

TEST(Point, NamesWhatItCannotRead) {
  EXPECT_EQ(point_from_json(base::Json::array()).error().message,
            "a configuration must be an object of names and values, not array");
  EXPECT_EQ(point_from_json(base::Json{{"x", std::uint64_t{18446744073709551615U}}}).error().message,
            "x: 18446744073709551615 is too large for a 64-bit integer; at most 9223372036854775807");
}

}  // namespace
}  // namespace autotuner::space
