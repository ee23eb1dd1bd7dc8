#include "tests/support/random_study.hpp"

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

TEST(RandomStudies, NeverGetAnInvalidPointOrOneTwice) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    test::RandomStudy study(seed);
    EXPECT_EQ(study.play(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace autotuner::search
