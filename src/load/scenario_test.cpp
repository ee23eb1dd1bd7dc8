#include "load/scenario.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::load {
namespace {

using ::testing::HasSubstr;

Scenario parsed(std::string_view text) {
  auto scenario = Scenario::parse(text);
  EXPECT_TRUE(scenario.has_value()) << text;
  return scenario ? *scenario : Scenario{*Scenario::parse("dataset")};
}

std::string reason(std::string_view text) {
  const auto scenario = Scenario::parse(text);
  return scenario ? "accepted" : scenario.error().message;
}

TEST(Scenario, ReadsEveryForm) {
  EXPECT_EQ(parsed("D(100,1000)").kind(), ScenarioKind::deterministic);
  EXPECT_EQ(parsed("N(480,240)/(300,150)").kind(), ScenarioKind::normal);
  EXPECT_EQ(parsed("U(50,100)/(200,250)").kind(), ScenarioKind::uniform);
  EXPECT_EQ(parsed("U(100,200)").kind(), ScenarioKind::uniform);
  EXPECT_EQ(parsed("E(128)").kind(), ScenarioKind::embeddings);
  EXPECT_EQ(parsed("R(512,64)").kind(), ScenarioKind::rerank);
  EXPECT_EQ(parsed("I(512,512)").kind(), ScenarioKind::image);
  EXPECT_EQ(parsed("I(512,512,2)").kind(), ScenarioKind::image);
  EXPECT_EQ(parsed("A(200)").kind(), ScenarioKind::audio);
  EXPECT_EQ(parsed("dataset").kind(), ScenarioKind::dataset);
  EXPECT_EQ(parsed("D(100,1000)").text(), "D(100,1000)");
}

TEST(Scenario, RefusesWhatIsNotExactlyAForm) {
  for (const auto* const text :
       {"D(100)",  "D(100, 100)", "d(1,2)",     "N(100,20)", "X(1,2)",       "D(1,2)x",
        "",        "D(-1,5)",     "U(1,2)/(3)", " D(1,2)",   "D(1,2)/(3,4)", "D",
        "D(",      "D(1,",        "D(1,2",      "D()",       "D(1,2)/",      "E(1,2)",
        "I(1)",    "I(1,2,3,4)",  "A()",        "R(1)",      "Dataset",      "N(1,2)/(3,4)/(5,6)",
        "DD(1,2)", "D(1.5,2)"}) {
    EXPECT_THAT(reason(text), HasSubstr("is not valid; allowed: D(in,out)")) << text;
  }
  EXPECT_THAT(reason("d(1,2)"), HasSubstr("traffic scenario 'd(1,2)'"));
}

TEST(Scenario, NamesNumbersThatCannotBe) {
  EXPECT_EQ(reason("D(0,5)"), "traffic scenario 'D(0,5)': input is 0; must be at least 1");
  EXPECT_EQ(reason("D(5,0)"), "traffic scenario 'D(5,0)': output is 0; must be at least 1");
  EXPECT_EQ(reason("D(10000001,5)"), "traffic scenario 'D(10000001,5)' has a number above 10000000");
  EXPECT_EQ(reason("D(5,99999999999999999999)"),
            "traffic scenario 'D(5,99999999999999999999)' has a number above 10000000");
  EXPECT_EQ(reason("U(9,5)/(1,2)"),
            "traffic scenario 'U(9,5)/(1,2)': the input range ends at 5, below its start 9");
  EXPECT_EQ(reason("U(1,5)/(4,2)"),
            "traffic scenario 'U(1,5)/(4,2)': the output range ends at 2, below its start 4");
  EXPECT_EQ(reason("U(0,5)"), "traffic scenario 'U(0,5)': the input range ends at 0, below its start 1");
}

TEST(Scenario, DrawsExactLengthsForD) {
  base::Random random(1);
  EXPECT_EQ(parsed("D(100,1000)").sample(random), (Lengths{.input = 100, .output = 1000}));
}

TEST(Scenario, DrawsNormalLengthsByTruncation) {
  const auto scenario = parsed("N(480,240)/(300,150)");
  base::Random drawn(7);
  base::Random reference(7);
  for (int i = 0; i < 1000; ++i) {
    const double input = reference.normal(480, 240);
    const double output = reference.normal(300, 150);
    const auto lengths = scenario.sample(drawn);
    EXPECT_EQ(lengths.input, std::max(1, static_cast<int>(std::trunc(input))));
    EXPECT_EQ(lengths.output, std::max(2, static_cast<int>(std::trunc(output))));
  }
}

TEST(Scenario, KeepsOneTokenInAndTwoOut) {
  base::Random random(3);
  for (int i = 0; i < 200; ++i) {
    const auto lengths = parsed("N(0,1)/(0,1)").sample(random);
    EXPECT_GE(lengths.input, 1);
    EXPECT_GE(lengths.output, 2);
    EXPECT_EQ(parsed("U(1,1)").sample(random), (Lengths{.input = 1, .output = 2}));
  }
}

TEST(Scenario, DrawsUniformLengthsBelowTheUpperBound) {
  base::Random random(5);
  const auto two = parsed("U(50,100)/(200,250)");
  const auto one = parsed("U(3,4)");
  int least = 1000;
  int largest = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto lengths = two.sample(random);
    least = std::min(least, lengths.input);
    largest = std::max(largest, lengths.input);
    EXPECT_GE(lengths.output, 200);
    EXPECT_LT(lengths.output, 250);
    const auto short_form = one.sample(random);
    EXPECT_GE(short_form.input, 1);
    EXPECT_LE(short_form.input, 2);
    EXPECT_GE(short_form.output, 2);
    EXPECT_LE(short_form.output, 3);
  }
  EXPECT_EQ(least, 50);
  EXPECT_EQ(largest, 99);
}

TEST(Scenario, TreatsALowerBoundOfZeroAsOne) {
  EXPECT_EQ(parsed("U(0,10)/(0,20)").shortest(), (Lengths{.input = 1, .output = 2}));
}

TEST(Scenario, KnowsItsLongestAndShortestRequest) {
  EXPECT_EQ(parsed("D(100,200)").longest(), (Lengths{.input = 100, .output = 200}));
  EXPECT_EQ(parsed("D(100,200)").shortest(), (Lengths{.input = 100, .output = 200}));
  EXPECT_EQ(parsed("N(480,240)/(300,150)").longest(), (Lengths{.input = 1200, .output = 750}));
  EXPECT_EQ(parsed("N(480,240)/(300,50)").shortest(), (Lengths{.input = 1, .output = 150}));
  EXPECT_EQ(parsed("U(50,100)/(200,250)").longest(), (Lengths{.input = 100, .output = 250}));
  EXPECT_EQ(parsed("U(50,100)/(200,250)").shortest(), (Lengths{.input = 50, .output = 200}));
  EXPECT_EQ(parsed("E(64)").longest(), (Lengths{.input = 64, .output = 0}));
  base::Random random(1);
  EXPECT_EQ(parsed("E(64)").sample(random), (Lengths{.input = 64, .output = 0}));
  for (const auto* const text : {"dataset", "R(1,2)", "I(1,2)", "A(3)"}) {
    EXPECT_EQ(parsed(text).longest(), Lengths{}) << text;
    EXPECT_EQ(parsed(text).shortest(), Lengths{}) << text;
  }
}

TEST(Scenario, HasAFileName) {
  EXPECT_EQ(parsed("N(480,240)/(300,150)").file_name(), "N480_240_300_150");
  EXPECT_EQ(parsed("D(100,100)").file_name(), "D100_100");
  EXPECT_EQ(parsed("dataset").file_name(), "dataset");
}

TEST(Scenario, IsEqualByText) {
  EXPECT_EQ(parsed("D(1,2)"), parsed("D(1,2)"));
  EXPECT_FALSE(parsed("D(1,2)") == parsed("D(1,3)"));
}

}  // namespace
}  // namespace autotuner::load
