#include "search/domain.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::RealRange;
using space::Value;

TEST(Dimension, RoundsIntegersToTheirStepsAndRange) {
  const Dimension dimension({"n", IntegerRange{10, 30, false, 8}});
  EXPECT_EQ(dimension.count(), 3U);
  EXPECT_EQ(dimension.value(dimension.from_axis(13.9)), Value(10));
  EXPECT_EQ(dimension.value(dimension.from_axis(14.1)), Value(18));
  EXPECT_EQ(dimension.value(dimension.from_axis(99)), Value(26));
  EXPECT_EQ(dimension.value(dimension.from_axis(-99)), Value(10));
  EXPECT_EQ(dimension.value(dimension.quantile(0.99)), Value(26));
  EXPECT_EQ(dimension.axis_low(), 6);
  EXPECT_EQ(dimension.axis_high(), 30);
}

TEST(Dimension, HoldsTheWidestIntegerRange) {
  const auto low = std::numeric_limits<std::int64_t>::min();
  const auto high = std::numeric_limits<std::int64_t>::max();
  const Dimension dimension({"n", IntegerRange{low, high}});
  EXPECT_EQ(dimension.value(dimension.quantile(0)), Value(low));
  EXPECT_EQ(dimension.value(dimension.from_axis(1e300)).as_integer().has_value(), true);
  EXPECT_TRUE(dimension.varies());
}

TEST(Dimension, KeepsLogarithmicStepsAboveZero) {
  const Dimension dimension({"n", IntegerRange{256, 4096, true, 1024}});
  EXPECT_TRUE(std::isfinite(dimension.axis_low()));
  EXPECT_EQ(dimension.value(dimension.quantile(0)), Value(256));
  EXPECT_EQ(dimension.value(dimension.quantile(0.9999)), Value(3328));
}

TEST(Dimension, DrawsRealsThatPeopleCanRead) {
  const Dimension dimension({"m", RealRange{0.7, 0.95}});
  EXPECT_EQ(to_text(dimension.value(dimension.quantile(1.0 / 3))), "0.7833333");
  EXPECT_EQ(dimension.value(dimension.quantile(0)), Value(0.7));
  const Dimension logarithmic({"m", RealRange{1e-6, 1, true}});
  EXPECT_EQ(to_text(logarithmic.value(logarithmic.quantile(1.0 / 7))), "7.196857e-06");
  const Dimension wide({"m", RealRange{0, 1e12}});
  EXPECT_EQ(wide.value(wide.quantile(0.25)), Value(0.25e12));
  const Dimension offset({"m", RealRange{1'000'000, 1'000'000.5}});
  EXPECT_EQ(to_text(offset.value(offset.quantile(0.123456789))), "1000000.0617284");
}

TEST(Dimension, KnowsTheCoordinatesOfItsValuesOnly) {
  const Dimension list({"c", Choices{{"a", 2, "a"}}});
  EXPECT_EQ(list.coordinate("a"), 0);
  EXPECT_EQ(list.coordinate(2.0), 1);
  EXPECT_EQ(list.coordinate("b"), std::nullopt);
  EXPECT_EQ(list.value(list.quantile(0.999)), Value("a"));
  const Dimension range({"n", IntegerRange{1, 9}});
  EXPECT_EQ(range.coordinate(4), 4);
  EXPECT_EQ(range.coordinate(40), 9);
  EXPECT_EQ(range.coordinate("x"), std::nullopt);
  EXPECT_EQ(range.coordinate(std::nan("")), std::nullopt);
}

TEST(Domain, CountsItsPositions) {
  const Domain finite(
      space::Space{{{"a", Choices{{1, 2}}}, {"none", Choices{}}, {"n", IntegerRange{1, 5000}}}, {}});
  EXPECT_EQ(finite.size(), 10'000U);
  EXPECT_EQ(finite.dimensions().size(), 2U);
  EXPECT_EQ(Domain(space::Space{}).size(), 1U);
  EXPECT_EQ(Domain(space::Space{{{"m", RealRange{0, 1, false, 5}}}, {}}).size(), std::nullopt);
  const IntegerRange wide{0, std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(Domain(space::Space{{{"a", wide}, {"b", wide}}, {}}).size(), std::uint64_t{1} << 63);
}

TEST(Domain, TurnsCoordinatesIntoPointsAndBack) {
  const Domain domain(space::Space{{{"a", Choices{{"x", "y"}}}, {"n", IntegerRange{1, 5}}}, {}});
  const auto point = domain.point(std::vector{1.0, 3.0});
  EXPECT_EQ(point, (space::Point{{"a", "y"}, {"n", 3}}));
  EXPECT_EQ(domain.coordinates(point), (std::vector<std::optional<double>>{1.0, 3.0}));
  EXPECT_EQ(domain.coordinates({{"n", 2}}), (std::vector<std::optional<double>>{std::nullopt, 2.0}));
}

}  // namespace
}  // namespace autotuner::search
