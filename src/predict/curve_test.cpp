#include "predict/curve.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace autotuner::predict {
namespace {

using Places = std::vector<Curve::Place>;

TEST(Curve, IsLinearBetweenPlacesFlatBelowAndInProportionBeyond) {
  const Curve curve({{100, 4}, {10, 1}});
  EXPECT_EQ(curve.at(10), 1);
  EXPECT_EQ(curve.at(100), 4);
  EXPECT_EQ(curve.at(40), 2);
  EXPECT_EQ(curve.at(1), 1);
  EXPECT_EQ(curve.at(200), 8);
}

TEST(Curve, TakesTheFasterOfTwoAndNothingThatIsNoTime) {
  const Curve curve({{10, 3}, {10, 2}, {20, 0}, {0, 1}, {30, NAN}, {INFINITY, 1}, {-1, 1}});
  EXPECT_EQ(curve.places(), (Places{{10, 2}}));
  EXPECT_TRUE(Curve({{1, -1}}).empty());
}

TEST(Curve, AddsAtThePlacesOfEither) {
  const auto sum = Curve({{10, 1}, {30, 3}}) + Curve({{20, 10}, {40, 20}});
  EXPECT_EQ(sum.places(), (Places{{10, 11}, {20, 12}, {30, 18}, {40, 24}}));
  EXPECT_TRUE((Curve({{1, 1}}) + Curve()).empty()) << "one of them is not known";
}

TEST(Curve, LiesBetweenTwoOthersByLogarithms) {
  const Curve a({{1, 1}}), b({{1, 100}});
  EXPECT_DOUBLE_EQ(between(a, b, 0.5).at(1), 10);
  EXPECT_EQ(between(a, Curve(), 0), a) << "the other one doesn't count";
  EXPECT_EQ(between(Curve(), b, 1), b);
  EXPECT_TRUE(between(a, Curve(), 0.5).empty());
}

TEST(Curve, RoundsToNumbersThatAreShortTexts) {
  EXPECT_EQ(rounded(Curve({{1.23456789, 9.87654321e-5}})).places(), (Places{{1.235, 9.877e-5}}));
}

TEST(Surface, FollowsTheSameRulesInBothSizes) {
  const Surface surface({{4, Curve({{10, 4}, {20, 8}})}, {2, Curve({{10, 2}})}, {8, Curve()}});
  EXPECT_EQ(surface.at(2, 10), 2);
  EXPECT_EQ(surface.at(3, 10), 3);
  EXPECT_EQ(surface.at(3, 20), 6) << "the row of 2 has no place at 20: in proportion";
  EXPECT_EQ(surface.at(1, 10), 2);
  EXPECT_EQ(surface.at(8, 10), 8);
}

}  // namespace
}  // namespace autotuner::predict
