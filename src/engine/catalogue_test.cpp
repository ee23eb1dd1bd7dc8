#include "engine/catalogue.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace autotuner::engine {
namespace {

std::set<std::string_view> classic_names(RuntimeId runtime) {
  std::set<std::string_view> names;
  for (const auto& flag : catalogue(runtime)) {
    if (flag.classic) names.insert(flag.name);
  }
  return names;
}

std::size_t grid_points(const SystemPreset& preset) {
  const auto parameters = base::parse_json(preset.parameters_json).value();
  std::size_t points = 1;
  for (const auto& values : parameters) points *= values.size();
  return points;
}

TEST(Catalogue, KeepsTheClassicNamesAndTheirCounts) {
  const auto sglang = classic_names(RuntimeId::sglang);
  const auto vllm = classic_names(RuntimeId::vllm);
  std::vector<std::string_view> common;
  std::ranges::set_intersection(sglang, vllm, std::back_inserter(common));
  EXPECT_EQ(sglang.size(), 210U);
  EXPECT_EQ(vllm.size(), 158U);
  EXPECT_EQ(common.size(), 27U);
  EXPECT_TRUE(classic_names(RuntimeId::llamacpp).empty());
}

TEST(Catalogue, ReadsANumberThatLeavesTheChoiceToTheEngineAsAuto) {
  EXPECT_EQ(readable_value(RuntimeId::llamacpp, "parallel", -1), "auto");
  EXPECT_EQ(readable_value(RuntimeId::llamacpp, "--threads", -1), "auto");
  EXPECT_EQ(readable_value(RuntimeId::llamacpp, "parallel", 4), "4");
  EXPECT_EQ(readable_value(RuntimeId::llamacpp, "predict", -1), "-1") << "without a limit, not auto";
  EXPECT_EQ(readable_value(RuntimeId::llamacpp, "prio", -1), "-1") << "low priority";
  EXPECT_EQ(readable_value(RuntimeId::vllm, "unknown", -1), "-1");
  EXPECT_EQ(readable_default(RuntimeId::llamacpp, "threads"), "auto");
  EXPECT_EQ(readable_default(RuntimeId::llamacpp, "ubatch-size"), "512");
  EXPECT_EQ(readable_default(RuntimeId::llamacpp, "no-such-flag"), "");
}

TEST(Catalogue, ListsWhatIsCommonlyTunedInReadingOrder) {
  EXPECT_EQ(commonly_tuned(RuntimeId::sglang).size(), 49U);
  EXPECT_EQ(commonly_tuned(RuntimeId::vllm).size(), 51U);
  EXPECT_EQ(commonly_tuned(RuntimeId::llamacpp).size(), 17U);
  EXPECT_EQ(commonly_tuned(RuntimeId::sglang).front(), "tensor-parallel-size");
  EXPECT_EQ(commonly_tuned(RuntimeId::sglang)[3], "mem-fraction-static");
  EXPECT_EQ(commonly_tuned(RuntimeId::vllm)[47], "disable-sliding-window");
  EXPECT_EQ(commonly_tuned(RuntimeId::vllm).back(), "data-parallel-backend");
}

TEST(Catalogue, MarksExactlyTheListedNamesAsTuned) {
  for (const auto runtime :
       {RuntimeId::sglang, RuntimeId::vllm, RuntimeId::tensorrt_llm, RuntimeId::llamacpp, RuntimeId::sim}) {
    const auto marked = std::ranges::count_if(catalogue(runtime), &FlagInfo::tuned);
    EXPECT_EQ(static_cast<std::size_t>(marked), commonly_tuned(runtime).size());
    for (const auto name : commonly_tuned(runtime)) {
      const auto* flag = find_flag(runtime, name);
      EXPECT_TRUE(flag != nullptr && flag->tuned) << name;
    }
  }
}

TEST(Catalogue, LooksUpExactNamesAfterStrippingDashes) {
  EXPECT_NE(find_flag(RuntimeId::vllm, "--max-num-seqs"), nullptr);
  EXPECT_EQ(find_flag(RuntimeId::vllm, "max_num_seqs"), nullptr);
  EXPECT_EQ(find_flag(RuntimeId::vllm, "MAX-NUM-SEQS"), nullptr);
  EXPECT_EQ(find_flag(RuntimeId::vllm, ""), nullptr);
  EXPECT_EQ(find_flag(RuntimeId::vllm, "---"), nullptr);
  for (const auto* name : {"tp-size", "dp-size", "ep-size", "radix-eviction-policy", "enable-fp32-lm-head"}) {
    const auto* flag = find_flag(RuntimeId::sglang, name);
    ASSERT_NE(flag, nullptr) << name;
    EXPECT_FALSE(flag->classic) << name;
  }
  EXPECT_NE(find_flag(RuntimeId::vllm, "decode-context-parallel-size"), nullptr);
}

TEST(Catalogue, KnowsWhichSwitchesHaveANoForm) {
  EXPECT_TRUE(find_flag(RuntimeId::vllm, "enable-prefix-caching")->negatable);
  EXPECT_FALSE(find_flag(RuntimeId::sglang, "disable-cuda-graph")->negatable);
  for (const auto* name : {"cont-batching", "kv-unified", "cache-prompt", "kv-offload", "op-offload",
                           "repack", "jinja", "slots"}) {
    EXPECT_TRUE(find_flag(RuntimeId::llamacpp, name)->negatable) << name;
  }
  EXPECT_FALSE(find_flag(RuntimeId::llamacpp, "no-mmap")->negatable);
}

TEST(Catalogue, ReservesWhatIsSetByUs) {
  for (const auto* name : {"model", "hf-repo", "hf-file", "model-url", "host", "port", "alias"}) {
    EXPECT_TRUE(find_flag(RuntimeId::llamacpp, name)->reserved) << name;
  }
  EXPECT_TRUE(find_flag(RuntimeId::sglang, "model-path")->reserved);
  EXPECT_TRUE(find_flag(RuntimeId::vllm, "host")->reserved);
  EXPECT_FALSE(find_flag(RuntimeId::vllm, "served-model-name")->reserved);
}

TEST(Catalogue, KnowsWordsAndDefaults) {
  const auto* flash = find_flag(RuntimeId::llamacpp, "flash-attn");
  EXPECT_EQ(flash->default_text, "auto");
  EXPECT_NE(std::ranges::find(flash->values, "off"), flash->values.end());
  EXPECT_EQ(find_flag(RuntimeId::llamacpp, "ubatch-size")->default_text, "512");
  EXPECT_EQ(find_flag(RuntimeId::sim, "max-model-len")->default_text, "32768");
  EXPECT_EQ(find_flag(RuntimeId::tensorrt_llm, "kv_cache_free_gpu_memory_fraction")->type, FlagType::real);
}

TEST(CanonicalFlag, TurnsUnderscoresAndAliasesIntoTheEnginesOwnSpelling) {
  EXPECT_EQ(canonical_flag(RuntimeId::sglang, "mem_frac"), "mem-fraction-static");
  EXPECT_EQ(canonical_flag(RuntimeId::vllm, "mem_frac"), "gpu-memory-utilization");
  EXPECT_EQ(canonical_flag(RuntimeId::sglang, "tp"), "tp-size");
  EXPECT_EQ(canonical_flag(RuntimeId::sglang, "tensor_parallel_size"), "tp-size");
  EXPECT_EQ(canonical_flag(RuntimeId::vllm, "--tp_size"), "tensor-parallel-size");
  EXPECT_EQ(canonical_flag(RuntimeId::sglang, "max_total_tokens"), "max-total-tokens");
  EXPECT_EQ(canonical_flag(RuntimeId::tensorrt_llm, "tp-size"), "tp_size");
  EXPECT_EQ(canonical_flag(RuntimeId::tensorrt_llm, "max-batch-size"), "max_batch_size");
  EXPECT_EQ(canonical_flag(RuntimeId::tensorrt_llm, "quant_algo"), "quant-algo");
  EXPECT_EQ(canonical_flag(RuntimeId::llamacpp, "np"), "parallel");
  EXPECT_EQ(canonical_flag(RuntimeId::llamacpp, "-ngl"), "n-gpu-layers");
  EXPECT_EQ(canonical_flag(RuntimeId::vllm, "no_such_flag"), "no-such-flag");
}

TEST(CanonicalFlag, IsStableWhenAppliedTwice) {
  for (const auto& engine : all_runtimes()) {
    for (const auto& flag : catalogue(engine.id)) {
      const auto once = canonical_flag(engine.id, flag.name);
      EXPECT_EQ(canonical_flag(engine.id, once), once) << engine.key << " " << flag.name;
    }
  }
}

TEST(Counterpart, NamesTheSameMeaningOnAnotherEngine) {
  EXPECT_EQ(counterpart(RuntimeId::sglang, "max-num-seqs"), "max-running-requests");
  EXPECT_EQ(counterpart(RuntimeId::vllm, "max-running-requests"), "max-num-seqs");
  EXPECT_EQ(counterpart(RuntimeId::llamacpp, "max-num-seqs"), "parallel");
  EXPECT_EQ(counterpart(RuntimeId::vllm, "mem-fraction-static"), "gpu-memory-utilization");
}

TEST(Counterpart, ElseTheNearestSpellingElseNothing) {
  EXPECT_EQ(counterpart(RuntimeId::vllm, "max-num-seq"), "max-num-seqs");
  EXPECT_EQ(counterpart(RuntimeId::llamacpp, "ubatchsize"), "ubatch-size");
  EXPECT_EQ(counterpart(RuntimeId::vllm, "zzzzzzzzzzzz"), std::nullopt);
}

TEST(SharedSpelling, SaysWhatEachEngineCallsAParameter) {
  EXPECT_EQ(shared_spelling("tp", RuntimeId::sglang), "tp-size");
  EXPECT_EQ(shared_spelling("tp", RuntimeId::vllm), "tensor-parallel-size");
  EXPECT_EQ(shared_spelling("max-num-seqs", RuntimeId::tensorrt_llm), "max_batch_size");
  EXPECT_EQ(shared_spelling("page-size", RuntimeId::llamacpp), "");
  EXPECT_EQ(shared_spelling("disable-radix-cache", RuntimeId::vllm), std::nullopt)
      << "its sense is the opposite";
  EXPECT_EQ(shared_spelling("no-such-thing", RuntimeId::vllm), std::nullopt);
}

TEST(SystemPresets, HaveTheirClassicSizes) {
  ASSERT_EQ(system_presets().size(), 2U);
  EXPECT_EQ(grid_points(system_presets()[0]), 648U);
  EXPECT_EQ(grid_points(system_presets()[1]), 20736U);
  EXPECT_EQ(base::parse_json(system_presets()[0].parameters_json).value().size(), 18U);
  EXPECT_EQ(base::parse_json(system_presets()[1].parameters_json).value().size(), 28U);
}

TEST(SystemPresets, UseNamesThatTheirEngineKnows) {
  for (const auto& preset : system_presets()) {
    const auto parameters = base::parse_json(preset.parameters_json).value();
    for (const auto& [name, values] : parameters.items())
      EXPECT_NE(find_flag(preset.runtime, name), nullptr) << name;
  }
}

}  // namespace
}  // namespace autotuner::engine
