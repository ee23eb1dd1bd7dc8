#include "engine/catalogue_tables.hpp"

namespace autotuner::engine {
namespace {

constexpr std::string_view kv_cache_dtype_words[] = {"auto", "fp8"};
constexpr std::string_view quantization_words[] = {"none", "fp8"};

// What `autotuner sim` takes.
// Rows: name, type, group, marks, default, words. Sorted by name.
constexpr FlagInfo flags[] = {
    row("api-key", FlagType::text, "server", plain),
    row("data-parallel-size", FlagType::integer, "parallelism", tuned, "1"),
    row("die-signal", FlagType::integer, "failures", plain, "0"),
    row("enable-chunked-prefill", FlagType::boolean, "scheduling", tuned | negatable, "true"),
    row("fail", FlagType::text, "failures", plain, "none"),
    row("gpu-memory-utilization", FlagType::real, "memory", tuned, "0.9"),
    row("host", FlagType::text, "set by us", reserved),
    row("kv-cache-dtype", FlagType::text, "KV cache", tuned, "auto", kv_cache_dtype_words),
    row("max-model-len", FlagType::integer, "memory", plain, "32768"),
    row("max-num-batched-tokens", FlagType::integer, "scheduling", tuned, "8192"),
    row("max-num-seqs", FlagType::integer, "scheduling", tuned, "256"),
    row("model", FlagType::text, "set by us", reserved),
    row("noise", FlagType::real, "model of speed", plain, "0.02"),
    row("pipeline-parallel-size", FlagType::integer, "parallelism", tuned, "1"),
    row("port", FlagType::integer, "set by us", reserved),
    row("profile", FlagType::text, "model of speed", plain),
    row("quantization", FlagType::text, "data types", tuned, "none", quantization_words),
    row("seed", FlagType::integer, "model of speed", plain, "0"),
    row("served-model-name", FlagType::text, "server", plain),
    row("startup-s", FlagType::real, "model of speed", plain, "2"),
    row("step-ms", FlagType::real, "model of speed", plain, "4"),
    row("tensor-parallel-size", FlagType::integer, "parallelism", tuned, "1"),
    row("tpot-ms", FlagType::real, "model of speed", plain),
    row("ttft-ms", FlagType::real, "model of speed", plain),
};
static_assert(std::ranges::is_sorted(flags, {}, &FlagInfo::name));

// In the order in which they are listed for people: by what they act on.
constexpr std::string_view tuned_names[] = {
    "tensor-parallel-size", "pipeline-parallel-size", "data-parallel-size",
    "max-num-seqs",         "max-num-batched-tokens", "gpu-memory-utilization",
    "kv-cache-dtype",       "quantization",           "enable-chunked-prefill"};

}  // namespace

FlagTable sim_table() {
  return {flags, tuned_names, {}};
}

}  // namespace autotuner::engine
