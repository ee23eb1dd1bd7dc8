#include "search/metric_model.hpp"

#include <gtest/gtest.h>

#include "search/aim.hpp"

namespace autotuner::search {
namespace {

using space::Choices;

const space::Space line{{{"x", Choices{{1, 2, 3, 4, 5, 6, 7, 8}}}}, {}};

class MetricModelTest : public ::testing::Test {
 protected:
  MetricModelTest() {
    for (std::uint64_t i = 0; i < *space::grid_size(line); ++i) points.push_back(space::grid_point(line, i));
    features.emplace(line, Problem{}, points);
    for (const auto& point : points) rows.push_back(features->of(point));
  }

  /// Eight points on a slope; the sixth was measured 0.5 too high, with this noise scale.
  std::vector<Observation> slope(double noise_scale) const {
    std::vector<Observation> observations;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double x = static_cast<double>(i) / 8;
      observations.push_back({.number = static_cast<int>(i) + 1,
                              .features = rows[i],
                              .value = i == 5 ? x + 0.5 : x,
                              .noise_scale = i == 5 ? noise_scale : 1});
    }
    return observations;
  }

  MetricModel model() const { return {*features, MetricModel::Settings{}}; }

  std::vector<space::Point> points;
  std::optional<Features> features;
  std::vector<std::vector<double>> rows;
};

TEST_F(MetricModelTest, ListensLessToANoisierObservation) {
  auto sure = model();
  sure.learn(slope(1));
  auto doubtful = model();
  doubtful.learn(slope(100));
  EXPECT_LT(doubtful.at(rows[5], 0).mean, sure.at(rows[5], 0).mean - 0.05);
}

TEST_F(MetricModelTest, BelievesTheSameWhetherItMetObservationsOneByOneOrAtOnce) {
  const auto all = slope(4);
  auto grown = model();
  for (std::size_t n = 1; n <= all.size(); ++n) grown.learn(std::span(all).first(n));
  auto at_once = model();
  at_once.learn(all);
  for (const auto& row : rows) {
    EXPECT_EQ(grown.at(row, 0).mean, at_once.at(row, 0).mean);
    EXPECT_EQ(grown.at(row, 0).deviation, at_once.at(row, 0).deviation);
  }
}

TEST_F(MetricModelTest, StartsOverWhenAnObservationBecomesSurer) {
  auto model_of_looks = model();
  model_of_looks.learn(slope(100));
  model_of_looks.learn(slope(1));
  auto fresh = model();
  fresh.learn(slope(1));
  EXPECT_EQ(model_of_looks.at(rows[5], 0).mean, fresh.at(rows[5], 0).mean);
}

/// The short look is the best by far, in one objective and in both.
TEST(Incumbents, AreMeasuredWhole) {
  Problem problem;
  problem.objective = Objective{"rate", Direction::maximize};
  for (const bool several : {false, true}) {
    if (several) problem.objectives = {{"rate", Direction::maximize}, {"delay", Direction::minimize}};
    const auto region = Region::sampled(line, {}, {});
    ASSERT_TRUE(region);
    const GpGround ground(line, *region, problem);
    GpModel model(ground);
    std::vector<Trial> trials;
    std::vector<Prospect> prospects;
    for (int n = 1; n <= 4; ++n) {
      Trial trial{n, space::grid_point(line, static_cast<std::uint64_t>(n)), true, TrialClass::met, {}, 0, 2};
      trial.metrics = {{"rate", 100.0 * n}, {"delay", 1.0 / n}};
      trial.fidelity = n == 4 ? 0.25 : 1;
      prospects.push_back(ground.prospect(trial.point));
      trials.push_back(std::move(trial));
    }
    std::vector<Sample> samples;
    samples.reserve(trials.size());
    for (std::size_t i = 0; i < trials.size(); ++i) samples.push_back({&trials[i], &prospects[i]});
    model.learn(samples);
    model.judge(Outlook::guarded);
    const auto aim = several ? make_frontier_aim(model, problem.objectives) : make_score_aim(model);
    aim->look(samples, Outlook::guarded);
    ASSERT_EQ(aim->incumbents().size(), 1U) << several;
    EXPECT_EQ(aim->incumbents()[0], &prospects[2]) << several;
    EXPECT_EQ(aim->best(samples, 4)[0], &samples[2]) << several;
  }
}

}  // namespace
}  // namespace autotuner::search
