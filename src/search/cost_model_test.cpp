#include "search/cost_model.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "search/region.hpp"

namespace autotuner::search {
namespace {

const space::Space space{{{"tp", space::Choices{{1, 2, 4, 8}}}, {"load", space::Choices{{16, 32, 64, 128}}}},
                         {}};

struct Costs {
  Costs() {
    problem.knobs = {{.name = "load", .scope = Scope::client}};
    region.emplace(Region::sampled(space, {}, Options{}).value());
    ground.emplace(space, *region, problem);
  }
  /// Starting takes 100 s / tp, the benchmark one second per request in flight.
  void tell(int tp, int load, bool runs = true) {
    Trial trial{
        static_cast<int>(trials.size()) + 1, {{"tp", tp}, {"load", load}}, true, TrialClass::met, {}, 0, 0};
    if (!runs) trial.rank = TrialClass::failed;
    trial.start_seconds = 100.0 / tp;
    trial.bench_seconds = load;
    trials.push_back(trial);
  }
  CostModel learned() {
    prospects.reserve(trials.size());
    for (const auto& trial : trials) prospects.push_back(ground->prospect(trial.point));
    std::vector<Sample> samples;
    samples.reserve(trials.size());
    for (std::size_t i = 0; i < trials.size(); ++i) samples.push_back({&trials[i], &prospects[i]});
    CostModel costs(*ground);
    costs.learn(samples);
    return costs;
  }
  double seconds(const CostModel& costs, int tp, int load) const {
    const space::Point point{{"tp", tp}, {"load", load}};
    return std::exp(costs.log_seconds(point, ground->features().of(point)));
  }

  Problem problem;
  std::optional<Region> region;
  std::optional<GpGround> ground;
  std::vector<Trial> trials;
  std::vector<Prospect> prospects;
};

TEST(CostModel, ExpectsProductsOfWhatSettingsDo) {
  Costs costs;
  for (const auto& [tp, load] : {std::pair(1, 16), {2, 128}, {8, 32}, {4, 64}}) costs.tell(tp, load);
  const auto model = costs.learned();
  EXPECT_NEAR(costs.seconds(model, 1, 128), 228, 40);
  EXPECT_NEAR(costs.seconds(model, 8, 16), 28.5, 5);
}

TEST(CostModel, ChargesNoStartForTheEngineThatRuns) {
  Costs costs;
  for (const auto& [tp, load] : {std::pair(1, 16), {2, 128}, {8, 32}, {4, 64}}) costs.tell(tp, load);
  EXPECT_NEAR(costs.seconds(costs.learned(), 4, 16), 16, 3);
  costs.tell(4, 128, false);
  costs.prospects.clear();
  EXPECT_NEAR(costs.seconds(costs.learned(), 4, 16), 16 + 25, 5);
}

TEST(CostModel, KnowsNothingWithoutSeconds) {
  Costs costs;
  const auto model = costs.learned();
  EXPECT_EQ(costs.seconds(model, 4, 16), 1);
}

}  // namespace
}  // namespace autotuner::search
