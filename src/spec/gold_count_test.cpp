#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/resolve.hpp"
#include "space/space.hpp"
#include "spec/task.hpp"
#include "tests/support/task_documents.hpp"

// How many experiments documents of every kind stand for: points of the full product, and what runs.
namespace autotuner::spec {
namespace {

struct Counts {
  std::uint64_t points = 0;
  std::uint64_t runs = 0;
  std::vector<space::Candidate> items;
};

engine::Setting setting_of(const Task& task) {
  engine::Setting setting;
  setting.runtime = task.runtime;
  setting.model = task.model.id_or_path;
  setting.model_quantization = task.model.quantization;
  setting.longest_context = load::longest_context(task.workload);
  return setting;
}

Counts count(const Loaded& loaded) {
  if (!loaded.task) {
    ADD_FAILURE() << test::all_problems(loaded);
    return {};
  }
  const Task& task = *loaded.task;
  auto found = space::enumerate(task.space, engine::point_rules(setting_of(task)), task.search.dedupe,
                                task.search.order, 0);
  if (!found) {
    ADD_FAILURE() << found.error().message;
    return {};
  }
  const auto runs =
      std::min<std::uint64_t>(found->items.size(), static_cast<std::uint64_t>(task.search.max_iterations));
  return {found->points, runs, std::move(found->items)};
}

/// A GPU task with these members at the top.
Loaded gpu_task(std::string_view runtime, std::string_view members) {
  base::Json document =
      base::Json::parse(R"j({"task_name": "count", "model": {"id_or_path": "llama-3-2-1b-instruct"},
    "optimization": {"strategy": "grid_search", "objective": "minimize_latency", "timeout_per_iteration": 3600},
    "benchmark": {"traffic_scenarios": ["D(100,100)"], "num_concurrency": [1, 4]
}
})j");
  document["base_runtime"] = runtime;
  document.merge_patch(base::Json::parse(members));
  return test::load_json(base::to_compact_text(document));
}

void expect_counts(const Loaded& loaded, std::uint64_t points, std::uint64_t runs) {
  const auto counts = count(loaded);
  EXPECT_EQ(counts.points, points);
  EXPECT_EQ(counts.runs, runs);
}

TEST(GoldCounts, ModelBasedSearchStopsAtItsIterations) {
  expect_counts(
      gpu_task("sglang",
               R"j({"parameters": {"tp-size": [1, 2], "mem-fraction-static": [0.75, 0.8, 0.85, 0.9, 0.95],
      "schedule-policy": ["lpm", "fcfs"], "chunked-prefill-size": [1024, 2048, 4096, 8192]},
      "optimization": {"strategy": "bayesian", "objective": "maximize_throughput", "max_iterations": 30, "n_initial_random": 5}})j"),
      80, 30);
}

TEST(GoldCounts, GridsRunAllTheirPoints) {
  expect_counts(
      gpu_task("sglang", R"j({"parameters": {"tp-size": [1], "mem-fraction-static": [0.7, 0.8]}})j"), 2, 2);
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"parameters": {"tp-size": [1, 2], "mem-fraction-static": [0.7, 0.8, 0.9], "schedule-policy": ["lpm", "fcfs"]}})j"),
      12, 12);
  expect_counts(
      gpu_task("sglang", R"j({"parameters": {"tp-size": [1], "mem-fraction-static": [0.7, 0.8, 0.85, 0.9]},
      "slo": {"ttft": {"threshold": 1.0}}})j"),
      4, 4);
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"parameters": {"mem-fraction-static": [0.7, 0.8, 0.9], "schedule-policy": ["lpm", "fcfs"]},
      "slo": {"latency": {"p90": {"threshold": 5.0, "hard_fail": true, "fail_ratio": 0.2}}, "steepness": 0.1}})j"),
      6, 6);
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"parameters": {"tp-size": [1, 2], "mem-fraction-static": [0.8, 0.85, 0.9], "max-running-requests": [64, 128, 256]}})j"),
      18, 18);
}

TEST(GoldCounts, SingleConfigurationsOfEveryModeRunOnce) {
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"parameters": {"tp-size": [1]}, "benchmark": {"dataset_url": "https://example.com/logs.csv.gz", "traffic_scenarios": ["D(3800,200)"]
}
})j"),
      1, 1);
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"deployment_mode": "local", "model": {"id_or_path": "Qwen/Qwen2.5-0.5B-Instruct"}, "parameters": {"mem-fraction-static": [0.8]}})j"),
      1, 1);
  expect_counts(
      gpu_task("my-serving-runtime",
               R"j({"deployment_mode": "ome", "clusterbasemodel_config": {"preset": "llama-3-2-1b-instruct"},
      "clusterservingruntime_config": {"preset": "sglang-llama-small"}, "parameters": {"tp-size": [1]}})j"),
      1, 1);
  expect_counts(
      gpu_task("sglang",
               R"j({"storage": {"type": "pvc", "pvc_name": "models"}, "parameters": {"tp_size": [1]}})j"),
      1, 1);
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"parameters": {"tp_size": {"type": "choice", "values": [1]}, "mem_frac": {"type": "choice", "values": [0.8]}}})j"),
      1, 1);
}

TEST(GoldCounts, ParallelSizesVaryLastAndAreCutInOrder) {
  const auto counts = count(gpu_task(
      "vllm",
      R"j({"parallel_config": {"tp": [2, 4], "dp": [1, 2]}, "optimization": {"max_iterations": 2}})j"));
  EXPECT_EQ(counts.points, 4U);
  EXPECT_EQ(counts.runs, 2U);
  ASSERT_GE(counts.items.size(), 2U);
  EXPECT_EQ(counts.items[0].point, (space::Point{{"__parallel__tp", 2}, {"__parallel__dp", 1}}));
  EXPECT_EQ(counts.items[1].point, (space::Point{{"__parallel__tp", 2}, {"__parallel__dp", 2}}));
}

TEST(GoldCounts, QuantizationFieldsAreDimensions) {
  expect_counts(
      gpu_task("sglang", R"j({"parameters": {"tp-size": [1]}, "quant_config": {"gemm_dtype": ["auto", "fp8"],
      "kvcache_dtype": "fp8_e5m2", "attention_dtype": "auto", "moe_dtype": "auto"}})j"),
      2, 2);
}

TEST(GoldCounts, QuantizationPresetsDifferFromEachOther) {
  const auto loaded = gpu_task(
      "sglang",
      R"j({"parameters": {"tp-size": [1]}, "quant_config": {"presets": ["default", "kv-cache-fp8", "dynamic-fp8"]}})j");
  const auto counts = count(loaded);
  EXPECT_EQ(counts.points, 3U);
  EXPECT_EQ(counts.runs, 3U);
  const auto last = engine::resolve(counts.items.back().point, setting_of(*loaded.task));
  ASSERT_TRUE(last);
  ASSERT_NE(last->flags.find("quantization"), nullptr);
  EXPECT_EQ(*last->flags.find("quantization"), space::Value("fp8"));
}

TEST(GoldCounts, ASinglePresetReachesEveryConfiguration) {
  const auto loaded = gpu_task(
      "sglang",
      R"j({"parameters": {"tp-size": [1, 2], "mem-fraction-static": [0.8, 0.9]}, "quant_config": {"preset": "kv-cache-fp8"}})j");
  const auto counts = count(loaded);
  EXPECT_EQ(counts.points, 4U);
  EXPECT_EQ(counts.runs, 4U);
  for (const auto& item : counts.items) {
    const auto resolved = engine::resolve(item.point, setting_of(*loaded.task));
    ASSERT_TRUE(resolved);
    ASSERT_NE(resolved->flags.find("kv-cache-dtype"), nullptr);
    EXPECT_EQ(*resolved->flags.find("kv-cache-dtype"), space::Value("fp8_e5m2"));
  }
}

TEST(GoldCounts, AForeignFlagIsNamedWithItsCounterpart) {
  const std::string_view members =
      R"j({"parameters": {"tp-size": [1], "mem-fraction-static": [0.8, 0.9], "max-num-seqs": [32, 64, 128, 256]},
      "optimization": {"strategy": "bayesian", "max_iterations": 20}})j";
  const auto loaded = gpu_task("sglang", members);
  EXPECT_THAT(test::problem_at(loaded, "parameters.max-num-seqs").message,
              testing::HasSubstr("did you mean max-running-requests?"));
  expect_counts(
      gpu_task(
          "sglang",
          R"j({"parameters": {"tp-size": [1], "mem-fraction-static": [0.8, 0.9], "max-running-requests": [32, 64, 128, 256]},
      "optimization": {"strategy": "bayesian", "max_iterations": 20}})j"),
      8, 8);
}

}  // namespace
}  // namespace autotuner::spec
