#include "base/student.hpp"

#include <gtest/gtest.h>

namespace autotuner::base {
namespace {

TEST(Student, HasTheQuantilesOfTheTables) {
  // Abramowitz and Stegun, table 26.10.
  EXPECT_NEAR(student_quantile(0.025, 1), 12.706, 5e-4);
  EXPECT_NEAR(student_quantile(0.025, 4), 2.776, 5e-4);
  EXPECT_NEAR(student_quantile(0.005, 9), 3.250, 5e-4);
  EXPECT_NEAR(student_quantile(0.0005, 3), 12.924, 5e-4);
  EXPECT_NEAR(student_quantile(0.05, 120), 1.658, 5e-4);
}

TEST(Student, HoldsAllBetweenMinusAndPlusTheQuantileButTheTwoTails) {
  for (const std::size_t degrees : {1U, 2U, 3U, 10U, 57U, 1000U}) {
    for (const double tail : {0.25, 0.01, 0.0003})
      EXPECT_NEAR(student_within(student_quantile(tail, degrees), degrees), 1 - 2 * tail, 1e-9) << degrees;
  }
}

TEST(Student, TakesVeryManyDegreesAsNormal) {
  EXPECT_NEAR(student_quantile(0.025, 1'000'000), 1.960, 3e-3);
}

}  // namespace
}  // namespace autotuner::base
