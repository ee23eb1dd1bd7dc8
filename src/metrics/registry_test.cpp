#include "metrics/registry.hpp"

#include <limits>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace autotuner::metrics {
namespace {

TEST(MetricRegistry, HasEveryRow) {
  std::set<std::string> wanted{"min_e2e_latency",
                               "max_e2e_latency",
                               "mean_output_throughput",
                               "max_output_throughput",
                               "mean_total_throughput",
                               "max_total_throughput",
                               "mean_input_throughput",
                               "mean_output_speed",
                               "requests_per_second",
                               "goodput",
                               "goodput_per_gpu",
                               "success_rate",
                               "goodput_ratio",
                               "compliant_fraction",
                               "max_compliant_concurrency",
                               "total_requests",
                               "total_completed_requests",
                               "total_error_requests",
                               "energy_per_output_token",
                               "gpu_utilization",
                               "gpu_memory_used",
                               "gpu_power",
                               "elapsed_time",
                               "deploy_s",
                               "ready_s",
                               "benchmark_s",
                               "objective_score",
                               "objective_value"};
  for (const std::string of : {"e2e_latency", "ttft", "tpot", "itl", "chunk_gap"}) {
    for (const std::string which : {"mean_", "p50_", "p90_", "p95_", "p99_"}) wanted.insert(which + of);
  }
  for (const std::string of : {"mean_output", "max_output", "mean_total", "max_total", "mean_input"}) {
    wanted.insert(of + "_throughput_per_gpu");
  }
  std::set<std::string> found;
  for (const auto& info : all_metrics()) {
    EXPECT_TRUE(found.emplace(info.name).second) << info.name << " stands twice";
    EXPECT_FALSE(info.label.empty()) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
  }
  EXPECT_EQ(found, wanted);
}

TEST(MetricRegistry, KnowsUnitsAndDirections) {
  EXPECT_EQ(find_metric("p90_ttft")->label, "P90 TTFT");
  EXPECT_EQ(find_metric("p90_ttft")->unit, "s");
  EXPECT_EQ(find_metric("p90_ttft")->display_unit, "ms");
  EXPECT_EQ(find_metric("mean_tpot")->unit, "s/token");
  EXPECT_EQ(find_metric("p95_e2e_latency")->direction, Direction::lower);
  EXPECT_EQ(find_metric("goodput")->direction, Direction::higher);
  EXPECT_EQ(find_metric("gpu_power")->direction, Direction::none);
  EXPECT_EQ(find_metric("total_error_requests")->direction, Direction::lower);
  EXPECT_EQ(find_metric("mean_total_throughput_per_gpu")->unit, "tokens/s/GPU");
  EXPECT_EQ(find_metric("nonsense"), nullptr);
}

TEST(ToReadable, ShowsTheDisplayUnit) {
  EXPECT_EQ(to_readable("p90_e2e_latency", 7.1), "7.1 s");
  EXPECT_EQ(to_readable("p90_ttft", 0.185), "185 ms");
  EXPECT_EQ(to_readable("mean_tpot", 0.0184), "18.4 ms/token");
  EXPECT_EQ(to_readable("mean_total_throughput_per_gpu", 3937.2), "3,937 tokens/s/GPU");
  EXPECT_EQ(to_readable("success_rate", 0.972727), "97.27 %");
  EXPECT_EQ(to_readable("max_compliant_concurrency", 64), "64");
  EXPECT_EQ(to_readable("elapsed_time", 245), "4 min 05 s");
  EXPECT_EQ(to_readable("nonsense", 1.5), "1.5");
  EXPECT_EQ(to_readable("mean_ttft", std::numeric_limits<double>::infinity()), "n/a");
}

}  // namespace
}  // namespace autotuner::metrics
