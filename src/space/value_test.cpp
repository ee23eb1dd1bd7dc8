#include "space/value.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::space {
namespace {

Value read(std::string_view text) {
  return value_from_json(*base::parse_json(text)).value();
}

TEST(Value, TreatsOneAndOnePointZeroAsEqual) {
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_EQ(Value(0), Value(-0.0));
  EXPECT_EQ(identity(Value(1)), identity(Value(1.0)));
  EXPECT_NE(Value(1), Value(1.5));
}

TEST(Value, KeepsBoolTextAndNullApartFromNumbers) {
  const std::vector<Value> values{Value(), true,           false,           1, 0, 1.5, "1", "", "true",
                                  "null",  JsonValue{"1"}, JsonValue{"[1]"}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      EXPECT_EQ(values[i] == values[j], i == j) << i << ' ' << j;
      EXPECT_EQ(identity(values[i]) == identity(values[j]), i == j) << i << ' ' << j;
    }
  }
}

TEST(Value, ComparesIntegersBeyondTheReachOfDoubles) {
  const std::int64_t big = (std::int64_t{1} << 53) + 1;
  EXPECT_NE(Value(big), Value(9007199254740992.0));
  EXPECT_NE(Value(std::numeric_limits<std::int64_t>::max()), Value(9223372036854775808.0));
  EXPECT_EQ(Value(std::numeric_limits<std::int64_t>::min()), Value(-9223372036854775808.0));
}

TEST(Value, EqualsItselfEvenWhenNotANumber) {
  const Value nan(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(nan, nan);
  EXPECT_EQ(identity(nan), identity(nan));
}

TEST(Value, WritesTheShortestText) {
  EXPECT_EQ(to_text(Value(0.85)), "0.85");
  EXPECT_EQ(to_text(Value(2.0)), "2.0");
  EXPECT_EQ(to_text(Value(1e-5)), "1e-05");
  EXPECT_EQ(to_text(Value(1e16)), "1e+16");
  EXPECT_EQ(to_text(Value(42)), "42");
  EXPECT_EQ(to_text(Value(true)), "true");
  EXPECT_EQ(to_text(Value(false)), "false");
  EXPECT_EQ(to_text(Value()), "null");
  EXPECT_EQ(to_text(Value("auto")), "auto");
  EXPECT_EQ(to_text(Value(JsonValue{"[1,2]"})), "[1,2]");
}

TEST(Value, AnswersForItsKindOnly) {
  EXPECT_EQ(Value(true).as_bool(), true);
  EXPECT_EQ(Value(1).as_bool(), std::nullopt);
  EXPECT_EQ(Value(1).as_number(), 1.0);
  EXPECT_EQ(Value(true).as_number(), std::nullopt);
  EXPECT_EQ(Value(3.0).as_integer(), 3);
  EXPECT_EQ(Value(3.5).as_integer(), std::nullopt);
  EXPECT_EQ(Value("x").as_integer(), std::nullopt);
  EXPECT_EQ(Value("x").as_text(), "x");
  EXPECT_EQ(Value(1).as_text(), std::nullopt);
  EXPECT_TRUE(Value().is_null());
}

TEST(Value, ReadsAndWritesEveryJsonKind) {
  for (const auto* text :
       {"null", "true", "-7", "9223372036854775807", "0.85", "2.0", "\"x\"", "[1,2,4]", "{\"a\":1}"}) {
    EXPECT_EQ(base::to_compact_text(to_json(read(text))), text);
  }
}

TEST(Value, HoldsListsAndObjectsAsOneValueWithSortedKeys) {
  EXPECT_EQ(read(R"({"b":1,"a":{"d":2,"c":3}})"), read(R"({"a":{"c":3,"d":2},"b":1})"));
  EXPECT_EQ(to_text(read(R"({"b":1,"a":[ 1, 2 ]})")), R"({"a":[1,2],"b":1})");
  EXPECT_NE(read("[1,2]"), read("[2,1]"));
}

TEST(Value, RefusesWhatItCannotHold) {
  const auto big = value_from_json(base::Json(std::uint64_t{9223372036854775808U}));
  ASSERT_FALSE(big);
  EXPECT_EQ(big.error().message,
            "9223372036854775808 is too large for a 64-bit integer; at most 9223372036854775807");
  const auto infinite = value_from_json(base::Json(std::numeric_limits<double>::infinity()));
  ASSERT_FALSE(infinite);
  EXPECT_EQ(infinite.error().message, "inf is not a finite number");
  EXPECT_FALSE(value_from_json(base::Json::binary({1})));
}

TEST(Value, WritesBrokenCanonicalTextAsText) {
  EXPECT_EQ(to_json(Value(JsonValue{"[1"})), base::Json("[1"));
}

}  // namespace
}  // namespace autotuner::space
