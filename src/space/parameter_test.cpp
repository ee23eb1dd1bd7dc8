#include "space/parameter.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::space {
namespace {

using Values = std::vector<Value>;

TEST(Parameter, VisitsAListAsItIs) {
  const Parameter parameter{"a", Choices{{4, "x", 4}}};
  EXPECT_EQ(grid_count(parameter), 3U);
  EXPECT_EQ(grid_values(parameter), (Values{4, "x", 4}));
  EXPECT_EQ(grid_count({"a", Choices{}}), 0U);
}

TEST(Parameter, ExpandsIntegersByStep) {
  EXPECT_EQ(grid_values({"a", IntegerRange{1, 4}}), (Values{1, 2, 3, 4}));
  EXPECT_EQ(grid_values({"a", IntegerRange{1, 10, false, 4}}), (Values{1, 5, 9}));
  EXPECT_EQ(grid_values({"a", IntegerRange{-2, -2}}), (Values{-2}));
  EXPECT_EQ(grid_count({"a", IntegerRange{3, 2}}), 0U);
}

TEST(Parameter, ExpandsAtMostAThousandIntegers) {
  EXPECT_EQ(grid_count({"a", IntegerRange{1, 1000}}), 1000U);
  EXPECT_EQ(grid_count({"a", IntegerRange{1, 1001}}), std::nullopt);
  const auto all =
      IntegerRange{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(grid_count({"a", all}), std::nullopt);
  EXPECT_EQ(step_count(all), std::numeric_limits<std::uint64_t>::max());
}

TEST(Parameter, SpacesRealsEvenlyWithoutRoundingDust) {
  EXPECT_EQ(grid_values({"a", RealRange{0.7, 0.95, false, 6}}), (Values{0.7, 0.75, 0.8, 0.85, 0.9, 0.95}));
  EXPECT_EQ(grid_values({"a", RealRange{0.7, 0.95, false, 1}}), (Values{0.7}));
  EXPECT_EQ(grid_values({"a", RealRange{0.5, 0.5}}), (Values{0.5}));
  EXPECT_EQ(grid_count({"a", RealRange{0.7, 0.95}}), std::nullopt);
  EXPECT_EQ(grid_count({"a", RealRange{0.7, 0.95, false, 0}}), std::nullopt);
}

TEST(Parameter, SpacesLogarithmicRealsGeometrically) {
  EXPECT_EQ(grid_values({"a", RealRange{0.001, 1, true, 4}}), (Values{0.001, 0.01, 0.1, 1.0}));
}

TEST(Parameter, IsFixedWithExactlyOneValue) {
  EXPECT_TRUE(is_fixed({"a", Choices{{4}}}));
  EXPECT_TRUE(is_fixed({"a", Choices{{4, 4.0}}}));
  EXPECT_FALSE(is_fixed({"a", Choices{{4, "4"}}}));
  EXPECT_FALSE(is_fixed({"a", Choices{}}));
  EXPECT_TRUE(is_fixed({"a", IntegerRange{4, 4}}));
  EXPECT_FALSE(is_fixed({"a", IntegerRange{4, 5}}));
  EXPECT_TRUE(is_fixed({"a", RealRange{0.5, 0.5}}));
  EXPECT_FALSE(is_fixed({"a", RealRange{0.5, 0.6}}));
}

TEST(Parameter, WritesWhatATaskDocumentSays) {
  const auto text = [](const Parameter& p) { return base::to_compact_text(to_json(p)); };
  EXPECT_EQ(text({"a", Choices{{1, "x", Value()}}}), R"([1,"x",null])");
  EXPECT_EQ(text({"a", IntegerRange{1, 9}}), R"({"type":"integer","low":1,"high":9,"log":false})");
  EXPECT_EQ(text({"a", IntegerRange{1, 9, true, 2}}),
            R"({"type":"integer","low":1,"high":9,"log":true,"step":2})");
  EXPECT_EQ(text({"a", RealRange{0.5, 1, false, 3}}),
            R"({"type":"continuous","low":0.5,"high":1.0,"log":false,"points":3})");
}

}  // namespace
}  // namespace autotuner::space
