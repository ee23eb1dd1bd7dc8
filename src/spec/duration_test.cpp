#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/compose.hpp"

namespace autotuner::spec {
namespace {

TEST(Duration, ReadsUnitsAndPlainSeconds) {
  EXPECT_DOUBLE_EQ(parse_duration("0.5s")->count(), 0.5);
  EXPECT_DOUBLE_EQ(parse_duration("50ms")->count(), 0.05);
  EXPECT_DOUBLE_EQ(parse_duration("10m")->count(), 600);
  EXPECT_DOUBLE_EQ(parse_duration("10min")->count(), 600);
  EXPECT_DOUBLE_EQ(parse_duration("2h")->count(), 7200);
  EXPECT_DOUBLE_EQ(parse_duration(" 90 ")->count(), 90);
  EXPECT_DOUBLE_EQ(parse_duration("1.5 h")->count(), 5400);
}

TEST(Duration, RefusesAnythingElseAndSaysWhatIsAllowed) {
  for (const auto* const text : {"", "s", "ten", "5x", "m5", "1h30m"}) {
    const auto result = parse_duration(text);
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(result.error().message,
                testing::HasSubstr("write 0.5s, 50ms, 10m, 2h or a number of seconds"))
        << text;
  }
  for (const auto* const text : {"0", "-1s", "1e9h", "nan", "inf"}) {
    const auto result = parse_duration(text);
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(result.error().message, testing::HasSubstr("must be more than 0 and at most 365 days"))
        << text;
  }
}

}  // namespace
}  // namespace autotuner::spec
