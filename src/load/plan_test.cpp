#include "load/plan.hpp"

#include <gtest/gtest.h>

namespace autotuner::load {
namespace {

Workload workload_of(std::initializer_list<const char*> scenarios) {
  Workload workload;
  for (const auto* const text : scenarios) workload.scenarios.push_back(*Scenario::parse(text));
  return workload;
}

TEST(Plan, NamesALevelForPeople) {
  EXPECT_EQ(to_text(Level{.concurrency = 64}), "concurrency 64");
  EXPECT_EQ(to_text(Level{.concurrency = 9, .request_rate = 4.5}), "4.5 requests/s");
}

TEST(Plan, FindsTheLongestContext) {
  EXPECT_EQ(longest_context(workload_of({"D(100,100)", "N(480,240)/(300,150)", "U(50,100)"})), 1950);
  EXPECT_EQ(longest_context(workload_of({"D(100,100)", "dataset"})), std::nullopt);
  EXPECT_EQ(longest_context(workload_of({})), std::nullopt);
}

TEST(Plan, BoundsTheMeasuredTime) {
  auto workload = workload_of({"D(1,2)", "D(3,4)"});
  workload.levels = {{.concurrency = 1}, {.concurrency = 4}, {.concurrency = 8}};
  workload.max_time = std::chrono::seconds(10);
  workload.repeat = 2;
  EXPECT_EQ(longest_duration(workload).count(), 120);
}

TEST(Plan, ShortensTimeAndRequestsButKeepsItsLevels) {
  Workload workload;
  workload.levels = {{1, std::nullopt}, {4, std::nullopt}};
  workload.max_time = std::chrono::seconds(60);
  workload.max_requests = 101;
  const auto quarter = shortened(workload, 0.25);
  EXPECT_EQ(quarter.max_time.count(), 15);
  EXPECT_EQ(quarter.max_requests, 26);
  EXPECT_EQ(quarter.levels, workload.levels);
  // Two requests for each user of the highest level, as far as there are so many.
  workload.levels = {{32, std::nullopt}};
  EXPECT_EQ(shortened(workload, 0.25).max_requests, 64);
  workload.max_requests = 50;
  EXPECT_EQ(shortened(workload, 0.25).max_requests, 50);
}

}  // namespace
}  // namespace autotuner::load
