#include "report/label_place.hpp"

#include <gtest/gtest.h>

namespace autotuner::report {
namespace {

TEST(LabelPlace, IsTheFirstThatCoversNothing) {
  const std::vector<LabelPlace> places{{10, 50, false}, {90, 50, true}, {10, 80, false}};
  EXPECT_EQ(free_place(places, "limit", {}).y, 50);
  const Box point{15, 45, 25, 55};
  const auto other = free_place(places, "limit", {point});
  EXPECT_TRUE(other.ends_there);
  EXPECT_FALSE(box_of(other, "limit").meets(point));
}

TEST(LabelPlace, CoversTheLeastWhereNothingIsFree) {
  const std::vector<LabelPlace> places{{0, 10, false}, {0, 40, false}};
  const std::vector<Box> taken{{0, 0, 10, 10}, {5, 0, 15, 10}, {0, 30, 10, 40}};
  EXPECT_EQ(free_place(places, "limit", taken).y, 40);
}

}  // namespace
}  // namespace autotuner::report
