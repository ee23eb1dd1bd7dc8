#include "search/features.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

using space::Choices;
using space::Point;

std::vector<Point> all_points(const space::Space& space) {
  std::vector<Point> points;
  for (std::uint64_t i = 0; i < *space::grid_size(space); ++i) points.push_back(space::grid_point(space, i));
  return points;
}

TEST(Features, SeeSizesByTheirRatio) {
  const space::Space space{{{"batch", Choices{{1, 2, 4, 8, 16}}}}, {}};
  const Features features(space, {}, all_points(space));
  EXPECT_EQ(features.columns(), 1U);
  EXPECT_EQ(features.of({{"batch", 4}}), std::vector{0.5});
}

TEST(Features, SeeSharesByTheirDifference) {
  const space::Space space{{{"fraction", Choices{{0.8, 0.85, 0.9}}}}, {}};
  const Features features(space, {}, all_points(space));
  EXPECT_NEAR(features.of({{"fraction", 0.85}})[0], 0.5, 1e-12);
}

TEST(Features, PutTwoCategoriesAtDistanceOne) {
  const space::Space space{{{"kind", Choices{{"a", "b", "c"}}}}, {}};
  const Features features(space, {}, all_points(space));
  EXPECT_EQ(features.columns(), 3U);
  EXPECT_EQ(features.group_count(), 1U);
  const auto a = features.of({{"kind", "a"}});
  const auto c = features.of({{"kind", "c"}});
  double squared = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squared += (a[i] - c[i]) * (a[i] - c[i]);
  EXPECT_NEAR(squared, 1, 1e-12);
}

TEST(Features, GiveZeroBesideSizesAColumnOfItsOwn) {
  const space::Space space{{{"graphs", Choices{{0, 128, 512}}}}, {}};
  const Features features(space, {}, all_points(space));
  EXPECT_EQ(features.of({{"graphs", 0}}), (std::vector<double>{0, 1}));
  EXPECT_EQ(features.of({{"graphs", 512}}), (std::vector<double>{1, 0}));
}

TEST(Features, SeeHowOftenTwoDividesANumber) {
  const space::Space space{{{"block", Choices{{0, 32, 48, 64, 96}}}}, {}};
  const Features features(space, {}, all_points(space));
  ASSERT_EQ(features.group_count(), 3U);
  EXPECT_EQ(features.name(1), "exponent of 2 in block");
  EXPECT_EQ(features.of({{"block", 48}})[1], 0);
  EXPECT_EQ(features.of({{"block", 32}})[1], 0.5);
  EXPECT_EQ(features.of({{"block", 96}})[1], 0.5);
  EXPECT_EQ(features.of({{"block", 64}})[1], 1);
  EXPECT_EQ(features.of({{"block", 0}})[1], 0.5);
}

TEST(Features, LeaveOutExponentsOfTwoThatTellNoMoreThanSizes) {
  using List = std::vector<space::Value>;
  for (const List& values :
       {List{1, 2, 4, 8}, List{0, 3, 6, 12}, List{1, 3, 5}, List{7, 8}, List{0.5, 1, 1.5}, List{-2, 1, 3}}) {
    const space::Space space{{{"n", Choices{values}}}, {}};
    const Features features(space, {}, all_points(space));
    for (std::size_t g = 0; g < features.group_count(); ++g)
      EXPECT_NE(features.name(g), "exponent of 2 in n") << values.size() << " values";
  }
}

TEST(Features, AddWhatConstraintsReckonWith) {
  space::Space space{{{"tp", Choices{{1, 2, 4}}}, {"pp", Choices{{1, 2, 4}}}}, {}};
  space.constraints.push_back(space::Constraint::parse("tp * pp <= 8").value());
  const Features features(space, {}, all_points(space));
  EXPECT_EQ(features.name(2), "tp * pp");
  EXPECT_EQ(features.of({{"tp", 4}, {"pp", 1}})[2], 0.5);
}

TEST(Features, LeaveOutWhatIsConstantAndFillInWhatIsMissing) {
  const space::Space space{{{"fixed", Choices{{7}}}, {"n", Choices{{1, 2}}}}, {}};
  const Features features(space, {}, all_points(space));
  EXPECT_EQ(features.columns(), 1U);
  EXPECT_EQ(features.of({}), std::vector{0.5});
}

TEST(Features, TakeNumbersAsNamesWhereTheProblemSaysSo) {
  const space::Space space{{{"id", Choices{{10, 20, 30}}}}, {}};
  Problem problem;
  problem.knobs.push_back({"id", false});
  EXPECT_EQ(Features(space, problem, all_points(space)).columns(), 3U);
}

}  // namespace
}  // namespace autotuner::search
