#include "search/feasibility.hpp"

#include <gtest/gtest.h>

#include "search/logged_strategy.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::Point;

TEST(Suspicion, BlamesWhatNoSuccessHas) {
  Suspicion suspicion(4);
  const double before = suspicion(0b0001);
  suspicion.absolve(0b1110);
  EXPECT_GT(suspicion(0b0001), before);
  EXPECT_EQ(suspicion(0b1110), 0);
  EXPECT_GT(suspicion(0b1111), 0.8);
  EXPECT_LT(suspicion(0b1111), 1);
}

TEST(Suspicion, BlamesNothingWhenEverythingHasRun) {
  Suspicion suspicion(5);
  suspicion.absolve(0b11111);
  EXPECT_EQ(suspicion(0b11111), 0);
}

TEST(MemoryThreshold, DoubtsSmallMarginsUntilTheyHaveRun) {
  MemoryThreshold threshold;
  EXPECT_LT(threshold(-0.05), 0.1);
  EXPECT_GT(threshold(0.06), 0.95);
  const double doubtful = threshold(0.02);
  threshold.ran(0.02);
  EXPECT_GT(threshold(0.02), doubtful);
  MemoryThreshold other;
  other.ran_out(0.04);
  EXPECT_LT(other(0.02), 0.5);
}

TEST(MemoryThreshold, KnowsNothingOfAMarginThatIsNone) {
  MemoryThreshold threshold;
  threshold.ran(std::nan(""));
  EXPECT_EQ(threshold(std::nan("")), 1);
}

class Dominance : public testing::Test {
 protected:
  Dominance() {
    auto region = Region::sampled(space_, {}, {});
    ground_.emplace(space_, *region, Problem{});
  }

  /// By memory fraction, whether a point like the failed one is ruled out.
  std::vector<bool> ruled_out(Failure failure, double fraction) {
    Trial trial{1, {{"mem-fraction-static", fraction}, {"tp", 2}}, true, TrialClass::failed, {}, 0, 0};
    trial.failure = failure;
    const auto prospect = ground_->prospect(trial.point);
    const std::vector<Sample> samples{{&trial, &prospect}};
    Feasibility feasibility(*ground_);
    feasibility.learn(samples);
    std::vector<bool> answers;
    for (const double other : {0.7, 0.8, 0.9})
      answers.push_back(feasibility.rules_out(Point{{"mem-fraction-static", other}, {"tp", 2}}));
    return answers;
  }

  space::Space space_{{{"mem-fraction-static", Choices{{0.7, 0.8, 0.9}}}, {"tp", Choices{{1, 2, 4}}}}, {}};
  std::optional<GpGround> ground_;
};

TEST_F(Dominance, RulesOutMoreMemoryAfterRunningOutUnderLoad) {
  EXPECT_EQ(ruled_out(Failure::out_of_memory_load, 0.8), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(ruled_out(Failure::no_graph_room, 0.8), (std::vector<bool>{false, true, true}));
}

TEST_F(Dominance, RulesOutLessMemoryWhereTheCacheFoundNoRoom) {
  EXPECT_EQ(ruled_out(Failure::no_cache_room, 0.8), (std::vector<bool>{true, true, false}));
}

TEST_F(Dominance, SaysNothingOfOtherFailures) {
  for (const auto failure : {Failure::timeout, Failure::invalid, Failure::out_of_memory, Failure::other})
    EXPECT_EQ(ruled_out(failure, 0.8), (std::vector<bool>{false, false, false}));
}

TEST(Meaning, KnowsParametersByAnyOfTheirNames) {
  EXPECT_EQ(role_of("--mem-fraction-static"), Role::memory_fraction);
  EXPECT_EQ(role_of("mem-fraction-static"), Role::memory_fraction);
  EXPECT_EQ(role_of("gpu_memory_utilization"), Role::memory_fraction);
  EXPECT_EQ(role_of("__parallel__tp"), Role::tensor_parallel);
  EXPECT_EQ(role_of("block_size_x"), Role::none);
}

}  // namespace
}  // namespace autotuner::search
