#include "kernels/version.hpp"

#include <gtest/gtest.h>

namespace autotuner::kernels {
namespace {

TEST(IsOlder, CountsAsPackagesAreCounted) {
  EXPECT_TRUE(is_older("0.9", "0.10"));
  EXPECT_TRUE(is_older("0.14.0", "0.14.1"));
  EXPECT_TRUE(is_older("1.3.0rc10", "1.3.0rc20"));
  EXPECT_TRUE(is_older("1.3.0rc20", "1.3.0"));
  EXPECT_TRUE(is_older("0.1.dev19262", "0.1"));
  EXPECT_TRUE(is_older("0.5.6", "0.5.6.post2"));
  EXPECT_FALSE(is_older("0.24.0+cu128", "0.24.0")) << "what was built is no other version";
  EXPECT_FALSE(is_older("1.0", "1.0.0"));
}

TEST(ByNearness, BeginsWithTheNewestThatIsNotAbove) {
  const std::vector<std::string> versions{"0.24.0", "0.14.0", "0.19.0"};
  using Order = std::vector<std::string>;
  EXPECT_EQ(by_nearness(versions, "0.20.1"), (Order{"0.19.0", "0.14.0", "0.24.0"}));
  EXPECT_EQ(by_nearness(versions, "0.19.0"), (Order{"0.19.0", "0.14.0", "0.24.0"}));
  EXPECT_EQ(by_nearness(versions, "0.12"), (Order{"0.14.0", "0.19.0", "0.24.0"})) << "all are above";
  EXPECT_EQ(by_nearness(versions, ""), (Order{"0.24.0", "0.19.0", "0.14.0"})) << "nothing is wanted";
  EXPECT_TRUE(by_nearness({}, "1").empty());
}

}  // namespace
}  // namespace autotuner::kernels
