#include "engine/catalogue_tables.hpp"

namespace autotuner::engine {
namespace {

constexpr std::string_view backend_words[] = {"pytorch", "tensorrt", "_autodeploy"};
constexpr std::string_view fmha_quant_algo_words[] = {"FP8", "FP8_BLOCK"};
constexpr std::string_view kv_cache_quant_algo_words[] = {"FP8", "INT8", "INT4"};
constexpr std::string_view quant_algo_words[] = {"FP8", "INT8"};

// Options of trtllm-serve, and the build parameters that quantization and expert layout map to.
// Rows: name, type, group, marks, default, words. Sorted by name.
constexpr FlagInfo flags[] = {
    row("backend", FlagType::text, "engine", plain, "", backend_words),
    row("cluster_size", FlagType::integer, "MoE", plain),
    row("config", FlagType::text, "engine", plain),
    row("cp_size", FlagType::integer, "parallelism", tuned, "1"),
    row("enable_chunked_prefill", FlagType::boolean, "scheduling", tuned),
    row("ep_size", FlagType::integer, "MoE", plain),
    row("extra_llm_api_options", FlagType::text, "engine", plain),
    row("fmha-quant-algo", FlagType::text, "attention", plain, "", fmha_quant_algo_words),
    row("host", FlagType::text, "set by us", reserved),
    row("kv-cache-quant-algo", FlagType::text, "KV cache", plain, "", kv_cache_quant_algo_words),
    row("kv_cache_free_gpu_memory_fraction", FlagType::real, "memory", tuned, "0.9"),
    row("max_batch_size", FlagType::integer, "scheduling", tuned),
    row("max_beam_width", FlagType::integer, "scheduling", plain),
    row("max_num_tokens", FlagType::integer, "scheduling", tuned),
    row("max_seq_len", FlagType::integer, "memory", plain),
    row("model", FlagType::text, "set by us", reserved),
    row("moe_cluster_size", FlagType::integer, "MoE", plain),
    row("moe_ep_size", FlagType::integer, "MoE", plain),
    row("moe_tp_size", FlagType::integer, "MoE", plain),
    row("port", FlagType::integer, "set by us", reserved),
    row("pp_size", FlagType::integer, "parallelism", tuned, "1"),
    row("quant-algo", FlagType::text, "data types", plain, "", quant_algo_words),
    row("tp_size", FlagType::integer, "parallelism", tuned, "1"),
    row("trust_remote_code", FlagType::boolean, "loading", plain),
};
static_assert(std::ranges::is_sorted(flags, {}, &FlagInfo::name));

// In the order in which they are listed for people: by what they act on.
constexpr std::string_view tuned_names[] = {"tp_size",
                                            "pp_size",
                                            "cp_size",
                                            "max_batch_size",
                                            "max_num_tokens",
                                            "kv_cache_free_gpu_memory_fraction",
                                            "enable_chunked_prefill"};

}  // namespace

FlagTable tensorrt_table() {
  return {flags, tuned_names, {}};
}

}  // namespace autotuner::engine
