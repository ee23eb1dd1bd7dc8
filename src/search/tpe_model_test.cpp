#include "search/tpe_model.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::Parameter;
using space::Point;
using space::RealRange;
using space::Value;

class OneParameter {
 public:
  OneParameter(const decltype(Parameter::domain)& parameter, const std::vector<Value>& good,
               const std::vector<Value>& other)
      : domain_(space::Space{{{"x", parameter}}, {}}),
        model_(domain_, {points(good), points(other)}, false) {}

  double ratio(const Value& value) const { return model_.log_ratio(Point{{"x", value}}); }

 private:
  static std::vector<Point> points(const std::vector<Value>& values) {
    std::vector<Point> points;
    for (const auto& value : values) points.push_back(Point{{"x", value}});
    return points;
  }

  Domain domain_;
  TpeModel model_;
};

// The expectations of the next five tests were computed with Optuna 3.5.
constexpr double exact = 1e-6;

TEST(TpeModel, JudgesThreeChoices) {
  const OneParameter model(Choices{{"a", "b", "c"}}, {"b"}, {"a", "c", "c", "b"});
  EXPECT_NEAR(model.ratio("a"), -0.089612, exact);
  EXPECT_NEAR(model.ratio("b"), 0.470004, exact);
  EXPECT_NEAR(model.ratio("c"), -0.446287, exact);
}

TEST(TpeModel, JudgesWithoutGoodPoints) {
  const OneParameter model(Choices{{"a", "b"}}, {}, {"a"});
  EXPECT_NEAR(model.ratio("a"), -0.223144, exact);
  EXPECT_NEAR(model.ratio("b"), 0.287682, exact);
}

TEST(TpeModel, JudgesReals) {
  const OneParameter model(RealRange{0.7, 0.95}, {0.85}, {0.7, 0.9, 0.8});
  EXPECT_NEAR(model.ratio(0.70), -0.453297, exact);
  EXPECT_NEAR(model.ratio(0.75), -0.211528, exact);
  EXPECT_NEAR(model.ratio(0.80), 0.032989, exact);
  EXPECT_NEAR(model.ratio(0.85), 0.138329, exact);
  EXPECT_NEAR(model.ratio(0.90), 0.124384, exact);
  EXPECT_NEAR(model.ratio(0.95), 0.116496, exact);
}

TEST(TpeModel, JudgesIntegers) {
  const OneParameter model(IntegerRange{1, 9}, {4, 5}, {1, 9, 8});
  EXPECT_NEAR(model.ratio(1), -0.026630, exact);
  EXPECT_NEAR(model.ratio(3), 0.507780, exact);
  EXPECT_NEAR(model.ratio(4), 0.599793, exact);
  EXPECT_NEAR(model.ratio(5), 0.504355, exact);
  EXPECT_NEAR(model.ratio(9), -1.145455, exact);
}

TEST(TpeModel, JudgesLogarithmicReals) {
  const OneParameter model(RealRange{0.001, 1, true}, {0.1}, {0.5, 0.01});
  EXPECT_NEAR(model.ratio(0.001), -0.059878, exact);
  EXPECT_NEAR(model.ratio(0.05), 0.077447, exact);
  EXPECT_NEAR(model.ratio(0.1), 0.158362, exact);
  EXPECT_NEAR(model.ratio(0.9), 0.048782, exact);
}

TEST(TpeModel, HasNoOpinionOnWhatAPointLacks) {
  const Domain domain(
      space::Space{{{"x", IntegerRange{1, 9}}, {"y", Choices{{1, 2}}}, {"fixed", Choices{{1}}}}, {}});
  const SplitTrials trials{{{{"x", 4}, {"y", 1}}}, {{{"x", 9}, {"y", 2}}, {{"x", "odd"}, {"z", 3}}}};
  const TpeModel model(domain, trials, false);
  EXPECT_EQ(model.log_ratio(Point{{"z", 1}}), 0);
  EXPECT_GT(model.log_ratio(Point{{"x", 4}}), 0);
  EXPECT_NEAR(model.log_ratio(Point{{"x", 4}, {"y", 1}}),
              model.log_ratio(Point{{"x", 4}}) + model.log_ratio(Point{{"y", 1}}), 1e-12);
  EXPECT_EQ(TpeModel(domain, trials, true).log_ratio(Point{{"x", 4}}), 0);
}

TEST(TpeModel, SeesInteractionsWhenJoint) {
  const Domain domain(space::Space{{{"x", Choices{{0, 1}}}, {"y", Choices{{0, 1}}}}, {}});
  SplitTrials trials;
  for (int i = 0; i < 5; ++i) {
    trials.good.push_back({{"x", i % 2}, {"y", i % 2}});
    trials.other.push_back({{"x", i % 2}, {"y", 1 - i % 2}});
  }
  const TpeModel joint(domain, trials, true);
  EXPECT_GT(joint.log_ratio(Point{{"x", 0}, {"y", 0}}), 0.5);
  EXPECT_LT(joint.log_ratio(Point{{"x", 0}, {"y", 1}}), -0.5);
  base::Random random(1);
  int agreeing = 0;
  for (int i = 0; i < 20; ++i) {
    const auto point = joint.draw(random);
    agreeing += *point.find("x") == *point.find("y") ? 1 : 0;
  }
  EXPECT_EQ(agreeing, 20);
}

TEST(TpeModel, CallsTheBestTenthGoodAndRunningTrialsOther) {
  std::map<int, Trial> trials;
  for (int i = 1; i <= 300; ++i) {
    trials[i] = {i, {{"x", i}}, true, TrialClass::met, static_cast<double>((i * 7) % 301), 0, 0};
    if (i == 10 || i == 11 || i == 20 || i == 100 || i == 250 || i == 300) {
      const auto split = split_trials(trials, {Point{{"x", 0}}});
      const auto expected =
          std::map<int, std::size_t>{{10, 1}, {11, 2}, {20, 2}, {100, 10}, {250, 25}, {300, 25}}.at(i);
      EXPECT_EQ(split.good.size(), expected);
      EXPECT_EQ(split.good.size() + split.other.size(), static_cast<std::size_t>(i) + 1);
      EXPECT_EQ(split.other.back(), (Point{{"x", 0}}));
    }
  }
  trials.clear();
  trials[1] = {1, {{"x", 1}}, true, TrialClass::failed, {}, 80, 0};
  trials[2] = {2, {{"x", 2}}, true, TrialClass::missed, 5.0, 0, 0};
  trials[3] = {3, {{"x", 3}}, false, TrialClass::failed, {}, 0, 0};
  trials[4] = {4, {{"x", 4}}, true, TrialClass::missed, 5.0, 0, 0};
  const auto split = split_trials(trials, {});
  EXPECT_EQ(split.good, (std::vector<Point>{{{"x", 2}}}));
  EXPECT_EQ(split.other, (std::vector<Point>{{{"x", 1}}, {{"x", 3}}, {{"x", 4}}}));
  EXPECT_TRUE(split_trials({}, {}).good.empty());
}

}  // namespace
}  // namespace autotuner::search
