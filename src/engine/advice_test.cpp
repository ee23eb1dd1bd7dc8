#include "engine/advice.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/catalogue.hpp"
#include "engine/resolve.hpp"

namespace autotuner::engine {
namespace {

constexpr auto llamacpp = RuntimeId::llamacpp;

std::string shown(const std::vector<Advice>& advice) {
  std::string text;
  for (const auto& item : advice) {
    text += text.empty() ? "" : "; ";
    text += item.parameter.name + ":";
    for (const auto& value : space::grid_values(item.parameter)) text += " " + space::to_text(value);
  }
  return text;
}

const Hardware two_cores{.cores = 2, .memory_gib = 16};
const Hardware eight_h100{
    .cores = 64, .memory_gib = 512, .gpus = 8, .gpu_memory_gib = 80, .gpu_name = "NVIDIA H100 80GB"};

TEST(WorthTuning, OnTwoCoresIsWhatMovesLlamaServer) {
  EXPECT_EQ(shown(worth_tuning(llamacpp, two_cores, 4, 160)),
            "parallel: 1 2 4; threads: 1 2; ubatch-size: 16 64 512");
}

TEST(WorthTuning, FollowsCoresStreamsAndLength) {
  EXPECT_EQ(shown(worth_tuning(llamacpp, {.cores = 1}, 1, 160)), "ubatch-size: 16 64 512");
  EXPECT_EQ(shown(worth_tuning(llamacpp, {.cores = 16}, 6, 4000)),
            "parallel: 1 2 4 6; threads: 8 12 16; ubatch-size: 64 512 2048");
  EXPECT_EQ(shown(worth_tuning(llamacpp, {.cores = 2}, 64, 160)),
            "parallel: 1 4 16 64; threads: 1 2; ubatch-size: 16 64 512");
}

TEST(WorthTuning, OffersFp8OnlyWhereTheGpuHasIt) {
  EXPECT_EQ(shown(worth_tuning(RuntimeId::vllm, eight_h100, 64, 2048)),
            "tensor-parallel-size: 1 2 4 8; max-num-seqs: 16 32 64; max-num-batched-tokens: 2048 8192 16384; "
            "kv-cache-dtype: auto fp8; gpu-memory-utilization: 0.9 0.95");
  const Hardware a100{.cores = 8, .gpus = 1, .gpu_name = "NVIDIA A100-SXM4-80GB"};
  EXPECT_EQ(
      shown(worth_tuning(RuntimeId::vllm, a100, 64, 2048)),
      "max-num-seqs: 16 32 64; max-num-batched-tokens: 2048 8192 16384; gpu-memory-utilization: 0.9 0.95");
}

TEST(FixedSettings, GiveEverySlotTheLongestRequest) {
  const auto fixed = fixed_settings(llamacpp, two_cores, 4, 640);
  EXPECT_EQ(shown(fixed), "ctx-size: 3072");
  EXPECT_EQ(fixed.at(0).reason,
            "the context is shared out to the slots: 4 times 640 tokens, the longest request, rounded up");
  EXPECT_EQ(shown(fixed_settings(RuntimeId::vllm, eight_h100, 64, 1000)), "max-model-len: 1008");
  EXPECT_EQ(shown(fixed_settings(llamacpp, two_cores, 4, 0)), "");
}

TEST(Advice, UsesKnownNamesKnownWordsAndGivesReasons) {
  for (const auto& engine : all_runtimes()) {
    for (const auto& hardware : {two_cores, eight_h100}) {
      auto advice = worth_tuning(engine.id, hardware, 16, 2000);
      const auto fixed = fixed_settings(engine.id, hardware, 16, 2000);
      advice.insert(advice.end(), fixed.begin(), fixed.end());
      for (const auto& item : advice) {
        const auto* flag = find_flag(engine.id, item.parameter.name);
        ASSERT_NE(flag, nullptr) << item.parameter.name;
        EXPECT_FALSE(flag->reserved) << item.parameter.name;
        EXPECT_FALSE(item.reason.empty());
        EXPECT_EQ(item.reason.find('{'), std::string::npos) << item.reason;
        for (const auto& value : space::grid_values(item.parameter)) {
          const auto word = value.as_text();
          if (!word || flag->values.empty()) continue;
          EXPECT_NE(std::ranges::find(flag->values, *word), flag->values.end())
              << item.parameter.name << " " << *word;
        }
      }
    }
  }
}

TEST(Advice, MakesASpaceWhosePointsAllRun) {
  for (const auto& engine : all_runtimes()) {
    for (const auto& hardware : {two_cores, eight_h100}) {
      space::Space space;
      for (const auto& item : fixed_settings(engine.id, hardware, 6, 2000))
        space.parameters.push_back(item.parameter);
      for (const auto& item : worth_tuning(engine.id, hardware, 6, 2000))
        space.parameters.push_back(item.parameter);
      const Setting setting{.runtime = engine.id,
                            .host_gpus = hardware.gpus,
                            .gpu_limit = hardware.gpus > 0 ? std::optional(hardware.gpus) : std::nullopt,
                            .longest_context = 2000,
                            .engine_version = "any"};
      for (std::uint64_t i = 0; i < *space::grid_size(space); ++i) {
        const auto resolved = resolve(space::grid_point(space, i), setting);
        ASSERT_TRUE(resolved.has_value()) << engine.key << ": " << resolved.error().message;
      }
    }
  }
}

TEST(Advice, BearsOddHardware) {
  EXPECT_EQ(shown(worth_tuning(llamacpp, {.cores = 0}, 0, -1)), "ubatch-size: 16 64 512");
  EXPECT_FALSE(worth_tuning(llamacpp, {.cores = 2}, 2'000'000'000, 2'000'000'000).empty());
  EXPECT_FALSE(fixed_settings(llamacpp, {.cores = 2}, 2'000'000'000, 2'000'000'000).empty());
}

}  // namespace
}  // namespace autotuner::engine
