#include "engine/group.hpp"

#include <gtest/gtest.h>

#include "engine/advice.hpp"

namespace autotuner::engine {
namespace {

TEST(Group, IsKnownForAllThatIsTunedWithoutATaskFile) {
  const Hardware cpu{.cores = 16, .memory_gib = 64};
  const Hardware gpus{
      .cores = 64, .memory_gib = 512, .gpus = 8, .gpu_memory_gib = 80, .gpu_name = "NVIDIA H100 80GB HBM3"};
  for (const auto& runtime : all_runtimes()) {
    for (const auto& hardware : {cpu, gpus}) {
      auto all = worth_tuning(runtime.id, hardware, 64, 1500);
      const auto fixed = fixed_settings(runtime.id, hardware, 64, 1500);
      all.insert(all.end(), fixed.begin(), fixed.end());
      EXPECT_FALSE(all.empty()) << runtime.key;
      for (const auto& advice : all)
        EXPECT_NE(group_of(runtime.id, advice.parameter.name), Group::other)
            << runtime.key << " " << advice.parameter.name;
    }
  }
}

TEST(Group, IsTheSameForTheSameMeaningOnEveryEngine) {
  EXPECT_EQ(group_of(RuntimeId::vllm, "tensor-parallel-size"), Group::layout);
  EXPECT_EQ(group_of(RuntimeId::sglang, "tp-size"), Group::layout);
  EXPECT_EQ(group_of(RuntimeId::tensorrt_llm, "tp_size"), Group::layout);
  EXPECT_EQ(group_of(RuntimeId::llamacpp, "n-gpu-layers"), Group::layout);
  EXPECT_EQ(group_of(RuntimeId::vllm, "gpu-memory-utilization"), Group::memory);
  EXPECT_EQ(group_of(RuntimeId::sglang, "mem-fraction-static"), Group::memory);
  EXPECT_EQ(group_of(RuntimeId::vllm, "max-model-len"), Group::memory);
  EXPECT_EQ(group_of(RuntimeId::sglang, "context-length"), Group::memory);
  EXPECT_EQ(group_of(RuntimeId::llamacpp, "ctx-size"), Group::memory);
  EXPECT_EQ(group_of(RuntimeId::vllm, "kv-cache-dtype"), Group::precision);
  EXPECT_EQ(group_of(RuntimeId::llamacpp, "cache-type-k"), Group::precision);
  EXPECT_EQ(group_of(RuntimeId::vllm, "max-num-seqs"), Group::scheduler);
  EXPECT_EQ(group_of(RuntimeId::llamacpp, "parallel"), Group::scheduler);
  EXPECT_EQ(group_of(RuntimeId::llamacpp, "threads"), Group::kernels);
}

TEST(Group, SeesThroughSpellingsAndPrefixes) {
  EXPECT_EQ(group_of(RuntimeId::vllm, "tp"), Group::layout);
  EXPECT_EQ(group_of(RuntimeId::vllm, "max_num_seqs"), Group::scheduler);
  EXPECT_EQ(group_of(RuntimeId::vllm, "__parallel__preset"), Group::layout);
  EXPECT_EQ(group_of(RuntimeId::vllm, "__quant__kvcache_dtype"), Group::precision);
  EXPECT_EQ(group_of(RuntimeId::vllm, "client.concurrency"), Group::client);
  EXPECT_EQ(group_of(RuntimeId::vllm, "env.VLLM_USE_V1"), Group::other);
  EXPECT_EQ(group_of(RuntimeId::vllm, "no-such-flag"), Group::other);
}

TEST(Group, IsExploredBeforeWhatItDecides) {
  EXPECT_EQ(exploration_rank(Group::layout), 0);
  EXPECT_LT(exploration_rank(Group::precision), exploration_rank(Group::memory));
  EXPECT_LT(exploration_rank(Group::memory), exploration_rank(Group::scheduler));
  EXPECT_FALSE(exploration_rank(Group::other));
  for (const auto group : exploration_order()) EXPECT_FALSE(reason_of(group).empty()) << to_text(group);
}

}  // namespace
}  // namespace autotuner::engine
