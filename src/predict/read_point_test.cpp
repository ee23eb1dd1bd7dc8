#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "predict/deployment.hpp"
#include "predict/meaning.hpp"

namespace autotuner::predict {
namespace {

Deployment read(const space::Point& point, double gpus = 0) {
  return read_point(point, {.gpus = gpus}).deployment;
}

TEST(FindMeaning, IsTheSameForEverySpelling) {
  for (const auto* name : {"tensor_parallel_size", "tensor-parallel-size", "--tensor-parallel-size", "tp",
                           "tp-size", "TP_SIZE", "__parallel__tp"}) {
    EXPECT_EQ(find_meaning(name), Meaning::tensor_parallel) << name;
  }
  EXPECT_EQ(find_meaning("__quant__kvcache_dtype"), Meaning::cache_format);
  EXPECT_EQ(find_meaning("mem-fraction-static"), Meaning::memory_fraction);
  EXPECT_EQ(find_meaning("max_running_requests"), Meaning::max_sequences);
  EXPECT_EQ(find_meaning("block_size_x"), std::nullopt);
  EXPECT_EQ(find_meaning(std::string(100, 'x')), std::nullopt);
  EXPECT_EQ(find_meaning(""), std::nullopt);
}

TEST(ReadPoint, ReadsAPointOfVllm) {
  const auto to = read({{"tensor_parallel_size", 4},
                        {"quantization", "fp8"},
                        {"kv_cache_dtype", "auto"},
                        {"max_num_seqs", 64},
                        {"max_num_batched_tokens", 2048},
                        {"enable_chunked_prefill", false},
                        {"gpu_memory_utilization", 0.95},
                        {"max_cudagraph_capture_size", 0},
                        {"async_scheduling", true}});
  EXPECT_EQ(to, (Deployment{.tensor_parallel = 4,
                            .weights = NumberFormat::fp8,
                            .max_sequences = 64,
                            .token_budget = 2048,
                            .chunked_prefill = false,
                            .memory_fraction = 0.95,
                            .graph_size = 0,
                            .async_scheduling = true}));
}

TEST(ReadPoint, ReadsSwitchesThatTurnThingsOff) {
  const auto to = read({{"disable-radix-cache", true},
                        {"disable-cuda-graph", true},
                        {"chunked-prefill-size", -1},
                        {"disable-overlap-schedule", true}});
  EXPECT_FALSE(to.prefix_caching);
  EXPECT_EQ(to.graph_size, 0);
  EXPECT_FALSE(to.chunked_prefill);
  EXPECT_FALSE(to.async_scheduling);
}

TEST(ReadPoint, FillsTheSharedGpusWithReplicas) {
  EXPECT_EQ(read({{"tp", 2}}, 8).replicas, 4);
  EXPECT_EQ(read({{"tp", 2}, {"pp", 2}}, 8).replicas, 2);
  EXPECT_EQ(read({{"tp", 4}, {"dp", 1}}, 8).replicas, 1);
  EXPECT_EQ(read({{"tp", 16}}, 8).replicas, 1);
  EXPECT_EQ(read({{"tp", 2}}).replicas, 1);
}

TEST(ReadPoint, SplitsSglangsTensorParallelGpusIntoAttentionGroups) {
  const auto to = read({{"tp-size", 8}, {"dp-size", 8}, {"enable-dp-attention", true}});
  EXPECT_EQ(to.tensor_parallel, 1);
  EXPECT_EQ(to.attention_data_parallel, 8);
  EXPECT_EQ(to.replicas, 1);
}

TEST(ReadPoint, SplitsLayersOverGpusWithLlamaCpp) {
  const auto to = read({{"backend", "llama.cpp"}, {"tp", 4}});
  EXPECT_EQ(to.tensor_parallel, 1);
  EXPECT_EQ(to.pipeline_parallel, 4);
}

TEST(ReadPoint, StartsFromTheDefaultsOfTheEngineThatThePointNames) {
  EXPECT_EQ(read({{"max_num_tokens", 4096}, {"backend", "trtllm"}}).engine, Engine::tensorrt_llm);
  EXPECT_EQ(read({{"max_num_tokens", 4096}, {"backend", "trtllm"}}).token_budget, 4096);
}

TEST(ReadPoint, TakesABatchOfAnOfflineBenchmarkForRequestsInFlight) {
  const space::Point point{{"batch_size", 512}, {"gpus", 4}, {"engine", "vLLM"}, {"hardware", "Nvidia-A100"}};
  const auto reading = read_point(point, {});
  EXPECT_EQ(reading.load.concurrency, 512);
  EXPECT_EQ(reading.deployment.tensor_parallel, 4);
  EXPECT_EQ(reading.deployment.replicas, 1);
  EXPECT_EQ(reading.device, "Nvidia-A100");
}

TEST(ReadPoint, LeavesDefaultsWhereAValueMakesNoSense) {
  const auto nan = std::nan("");
  const auto huge = std::numeric_limits<double>::infinity();
  for (const space::Value& bad : {space::Value(), space::Value(0), space::Value(-3), space::Value("x"),
                                  space::Value(nan), space::Value(huge), space::Value(true)}) {
    const auto to = read({{"tp", bad}, {"max_num_seqs", bad}, {"gpu_memory_utilization", bad}}, 0);
    const double fraction = bad == space::Value(true) ? 0.9 : to.memory_fraction;
    EXPECT_EQ(to.tensor_parallel, 1);
    EXPECT_EQ(to.max_sequences, 256);
    EXPECT_EQ(fraction, 0.9);
  }
  EXPECT_EQ(read({{"tp", "4"}}).tensor_parallel, 4);
  EXPECT_EQ(read({{"tp", 1e12}}).tensor_parallel, 4096);
}

}  // namespace
}  // namespace autotuner::predict
