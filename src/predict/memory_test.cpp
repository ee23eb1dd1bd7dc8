#include "predict/memory.hpp"

#include <gtest/gtest.h>

namespace autotuner::predict {
namespace {

/// 64 layers of 1000 MB at 16 bit, 100 MB of embeddings, 0.256 MB of cache per token.
ModelShape model() {
  return {.layers = 64,
          .hidden = 1000,
          .heads = 10,
          .kv_heads = 10,
          .head_dim = 100,
          .vocab = 25'000,
          .parameters = 32.05e9};
}

Device gpu(double gigabytes) {
  return {.name = "test", .memory = gigabytes * 1e9, .bandwidth = 1e12, .flops_16bit = 1e14, .link = 1e11};
}

constexpr Workload load{.input_tokens = 1000, .output_tokens = 1000, .concurrency = 10};

TEST(Memory, CountsWeightsPerGpu) {
  EXPECT_NEAR(memory(model(), gpu(80), {}, load).weights, 64.1e9, 1e6);
  EXPECT_NEAR(memory(model(), gpu(80), {.tensor_parallel = 2}, load).weights, 32.05e9, 1e6);
  EXPECT_NEAR(memory(model(), gpu(80), {.weights = NumberFormat::fp8}, load).weights, 32.1e9, 1e6);
  // The first and the last stage hold one of the two embeddings.
  EXPECT_NEAR(memory(model(), gpu(80), {.pipeline_parallel = 2}, load).weights, 32.05e9, 1e6);
}

TEST(Memory, GivesTheCacheWhatThePlanLeaves) {
  const Deployment deployment{.max_sequences = 10, .token_budget = 1000};
  const auto m = memory(model(), gpu(80), deployment, load);
  const double activations = 1000 * (4 * 1000 + 3 * 3500) * 2 + 10 * 25'000 * 6;
  EXPECT_NEAR(m.activations, activations, 1);
  const double context = 0.6 * 1024 * 1024 * 1024;
  EXPECT_NEAR(m.cache, 0.9 * 80e9 - 64.1e9 - activations - context, 1e3);
  EXPECT_NEAR(m.cache_tokens, m.cache / 0.256e6, 1);
  EXPECT_EQ(m.shortage, Shortage::none);
}

TEST(Memory, SharesTheCacheAmongNoMoreGpusThanThereAreHeads) {
  const auto few = memory(model(), gpu(80), {.tensor_parallel = 10}, load);
  const auto many = memory(model(), gpu(80), {.tensor_parallel = 20}, load);
  EXPECT_GT(many.cache, few.cache);
  EXPECT_NEAR(many.cache_tokens / many.cache, few.cache_tokens / few.cache, 1e-12);
}

TEST(Memory, SaysWhatIsMissing) {
  EXPECT_EQ(memory(model(), gpu(48), {}, load).shortage, Shortage::weights);
  const Workload longer{.input_tokens = 1e5, .output_tokens = 1000, .concurrency = 1};
  EXPECT_EQ(memory(model(), gpu(80), {}, longer).shortage, Shortage::cache);
  EXPECT_EQ(memory(model(), gpu(80), {.memory_fraction = 0.99}, load).shortage, Shortage::run_peak);
  EXPECT_EQ(to_text(Shortage::cache), "no room in the cache for one sequence");
}

TEST(Memory, HasAMarginThatIsNegativeExactlyWhenSomethingIsMissing) {
  for (const double fraction : {0.5, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99}) {
    for (const double gigabytes : {48.0, 72.0, 80.0, 192.0}) {
      const auto m = memory(model(), gpu(gigabytes), {.memory_fraction = fraction}, load);
      EXPECT_EQ(m.margin < 0, m.shortage != Shortage::none) << fraction << " of " << gigabytes;
    }
  }
}

TEST(Memory, TakesGraphsOutOfWhatThePlanLeaves) {
  const auto with = memory(model(), gpu(80), {.graph_size = 512}, load);
  const auto without = memory(model(), gpu(80), {.graph_size = 0}, load);
  EXPECT_DOUBLE_EQ(with.cache, without.cache);
  EXPECT_NEAR(without.headroom - with.headroom, 67 * 0.2e6 * 64, 1);
}

TEST(Memory, LeavesActivationsOutsideOfSglangsPlan) {
  const auto m = memory(model(), gpu(80), {.engine = Engine::sglang, .memory_fraction = 0.9}, load);
  EXPECT_NEAR(m.cache, 0.9 * 80e9 - 64.1e9, 1e6);
  EXPECT_LT(m.headroom, 0.1 * 80e9 - m.activations);
}

TEST(Memory, TakesAShareOfWhatIsFreeForTensorrt) {
  const Deployment deployment{
      .engine = Engine::tensorrt_llm, .memory_fraction = 0.5, .fraction_of_free = true};
  const auto m = memory(model(), gpu(80), deployment, load);
  EXPECT_LT(m.cache, 0.5 * (80e9 - 64.1e9));
  EXPECT_GT(m.cache, 0.4 * (80e9 - 64.1e9) - m.activations);
}

TEST(Memory, ReservesACacheOfFixedSize) {
  const Deployment deployment{.engine = Engine::llamacpp, .memory_fraction = 1, .cache_tokens = 4096};
  const auto m = memory(model(), gpu(80), deployment, load);
  EXPECT_NEAR(m.cache_tokens, 4096, 1e-6);
  EXPECT_EQ(m.shortage, Shortage::none);
  const Deployment large{.engine = Engine::llamacpp, .memory_fraction = 1, .cache_tokens = 1e6};
  EXPECT_EQ(memory(model(), gpu(80), large, load).shortage, Shortage::run_peak);
}

}  // namespace
}  // namespace autotuner::predict
