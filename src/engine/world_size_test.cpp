#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/parallel.hpp"
#include "engine/resolve.hpp"

namespace autotuner::engine {
namespace {

int gpus(RuntimeId runtime, std::string_view json, bool host_has_gpu = true) {
  return world_size(space::point_from_json(base::parse_json(json).value()).value(), runtime, host_has_gpu);
}

struct Case {
  std::string_view json;
  int vllm, sglang;
};

TEST(WorldSize, FollowsTheTable) {
  const Case cases[] = {
      {R"({})", 1, 1},
      {R"({"tp-size":4})", 4, 4},
      {R"({"tp":4})", 4, 4},
      {R"({"tensor_parallel_size":8})", 8, 8},
      {R"({"tp-size":2,"pp-size":2})", 4, 4},
      {R"({"tp-size":2,"pp-size":2,"dp-size":2})", 8, 8},
      {R"({"tp-size":2,"dp-size":4})", 8, 8},
      {R"({"tp-size":4,"dp-size":4,"enable-dp-attention":true})", 16, 4},
      {R"({"tp-size":2,"dp-size":4,"cp-size":2})", 8, 8},
      {R"({"tp-size":2,"dcp-size":2})", 2, 2},
      {R"({"tp-size":4,"decode-context-parallel-size":4})", 4, 4},
      {R"({"tp":4,"dcp":4})", 4, 4},
      {R"({"tp-size":[1,2,4]})", 4, 4},
      {R"({"tp-size":{"values":[1,2,4]}})", 4, 4},
      {R"({"tp-size":{"type":"integer","low":1,"high":6}})", 6, 6},
      {R"({"tp-size":[1,2,4],"pp-size":[1,2],"dp-size":1})", 8, 8},
      {R"({"tp-size":"4"})", 4, 4},
      {R"({"tp-size":0})", 1, 1},
      {R"({"tp-size":-2})", 1, 1},
      {R"({"tp-size":2.9})", 2, 2},
      {R"({"tp-size":[]})", 1, 1},
      {R"({"tp-size":"x"})", 1, 1},
      {R"({"tp-size":{"low":1}})", 1, 1},
      {R"({"tp-size":true})", 1, 1},
      {R"({"tensor-parallel-size":2,"tp-size":8})", 2, 2},
      {R"({"tp-size":2,"dp-size":8,"ep-size":2})", 16, 16},
      {R"({"__parallel__tp":4})", 4, 4},
      {R"({"tp-size":8,"dp-size":8,"enable-dp-attention":true})", 64, 8},
      {R"({"tp-size":2,"pcp":2})", 4, 2},
  };
  for (const auto& [json, vllm, sglang] : cases) {
    EXPECT_EQ(gpus(RuntimeId::vllm, json), vllm) << json;
    EXPECT_EQ(gpus(RuntimeId::sglang, json), sglang) << json;
  }
}

TEST(WorldSize, OnTensorRtMultipliesContextParallelism) {
  constexpr auto tensorrt = RuntimeId::tensorrt_llm;
  EXPECT_EQ(gpus(tensorrt, R"({"tp":8,"pp":1,"cp":2})"), 16);
  EXPECT_EQ(gpus(tensorrt, R"({"tp":8,"cp":2})"), 16);
  EXPECT_EQ(gpus(tensorrt, R"({"tp":4,"pp":2})"), 8);
  EXPECT_EQ(gpus(tensorrt, R"({"tp_size":4,"pp_size":2,"cp_size":2})"), 16);
  EXPECT_EQ(gpus(tensorrt, R"({"tp":4,"moe_tp":2,"moe_ep":8})"), 4);
}

TEST(WorldSize, OnLlamacppCountsTheSplit) {
  constexpr auto llamacpp = RuntimeId::llamacpp;
  EXPECT_EQ(gpus(llamacpp, "{}"), 1);
  EXPECT_EQ(gpus(llamacpp, "{}", false), 0);
  EXPECT_EQ(gpus(llamacpp, R"({"n-gpu-layers":0})"), 0);
  EXPECT_EQ(gpus(llamacpp, R"({"n-gpu-layers":"0"})"), 0);
  EXPECT_EQ(gpus(llamacpp, R"({"n-gpu-layers":"all"})"), 1);
  EXPECT_EQ(gpus(llamacpp, R"({"tensor-split":"1,1"})"), 2);
  EXPECT_EQ(gpus(llamacpp, R"({"tensor-split":"3,0,1"})"), 2);
  EXPECT_EQ(gpus(llamacpp, R"({"tensor-split":[1,1,1]})"), 3);
  EXPECT_EQ(gpus(llamacpp, R"({"__parallel__tp":4})"), 4);
}

TEST(WorldSize, OnSimIsSimulated) {
  EXPECT_EQ(gpus(RuntimeId::sim, R"({"tp":2,"dp":2})"), 4);
}

TEST(WorldSize, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(gpus(RuntimeId::vllm, R"({"tp":1e300,"pp":1e9,"dp":1e9})"), std::numeric_limits<int>::max());
}

TEST(Factors, AreShownBriefly) {
  EXPECT_EQ(to_text(Factors{.tp = 2, .pp = 2}, 4), "TP=2, PP=2 (world_size=4)");
  EXPECT_EQ(to_text(Factors{}, 1), "TP=1 (world_size=1)");
}

struct PresetGpus {
  RuntimeId runtime;
  std::string_view preset;
  int gpus;
};

TEST(ParallelPresets, NeedTheseGpus) {
  const PresetGpus cases[] = {
      {RuntimeId::vllm, "single-gpu", 1},
      {RuntimeId::vllm, "high-throughput", 8},
      {RuntimeId::vllm, "large-model-tp", 8},
      {RuntimeId::vllm, "large-model-tp-pp", 16},
      {RuntimeId::vllm, "balanced", 8},
      {RuntimeId::vllm, "moe-optimized", 16},
      {RuntimeId::vllm, "long-context", 4},
      {RuntimeId::sglang, "single-gpu", 1},
      {RuntimeId::sglang, "high-throughput", 8},
      {RuntimeId::sglang, "large-model-tp", 8},
      {RuntimeId::sglang, "large-model-tp-pp", 16},
      {RuntimeId::sglang, "balanced", 8},
      {RuntimeId::sglang, "moe-optimized", 8},
      {RuntimeId::tensorrt_llm, "single-gpu", 1},
      {RuntimeId::tensorrt_llm, "large-model-tp", 8},
      {RuntimeId::tensorrt_llm, "large-model-tp-pp", 16},
      {RuntimeId::tensorrt_llm, "moe-optimized", 16},
      {RuntimeId::tensorrt_llm, "long-context", 16},
      {RuntimeId::llamacpp, "single-gpu", 1},
      {RuntimeId::llamacpp, "large-model-tp", 8},
      {RuntimeId::sim, "single-gpu", 1},
      {RuntimeId::sim, "high-throughput", 8},
      {RuntimeId::sim, "large-model-tp", 8},
      {RuntimeId::sim, "balanced", 8},
  };
  std::size_t known = 0;
  for (const auto& engine : all_runtimes()) known += parallel_preset_names(engine.id).size();
  EXPECT_EQ(known, std::size(cases));
  for (const auto& [runtime, preset, expected] : cases) {
    const auto resolved =
        resolve({{"__parallel__preset", std::string(preset)}}, {.runtime = runtime, .host_gpus = 16});
    ASSERT_TRUE(resolved.has_value()) << preset << ": " << resolved.error().message;
    EXPECT_EQ(resolved->world_size, expected) << preset;
  }
}

}  // namespace
}  // namespace autotuner::engine
