#include "predict/meaning.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace autotuner::predict {
namespace {

using Entry = std::pair<std::string_view, Meaning>;

/// Spellings of vLLM, SGLang, TensorRT-LLM, llama.cpp and the tuning tables, with '-' for '_'; sorted.
constexpr Entry spellings[] = {
    {"async-scheduling", Meaning::async_scheduling},
    {"attention-data-parallel-size", Meaning::attention_data_parallel},
    {"attention-dp-size", Meaning::attention_data_parallel},
    {"attn-dp-size", Meaning::attention_data_parallel},
    {"backend", Meaning::engine},
    {"batch-size", Meaning::batch_size},
    {"cache-type-k", Meaning::cache_format},
    {"chunked-prefill-size", Meaning::prefill_chunk},
    {"client.concurrency", Meaning::concurrency},
    {"concurrency", Meaning::concurrency},
    {"context-length", Meaning::max_model_len},
    {"ctx-size", Meaning::cache_tokens},
    {"cuda-graph-max-batch-size", Meaning::graph_size},
    {"cuda-graph-max-bs", Meaning::graph_size},
    {"data-parallel-size", Meaning::data_parallel},
    {"device", Meaning::device},
    {"disable-cuda-graph", Meaning::no_graphs},
    {"disable-overlap-schedule", Meaning::no_async_scheduling},
    {"disable-overlap-scheduler", Meaning::no_async_scheduling},
    {"disable-radix-cache", Meaning::no_prefix_caching},
    {"dp", Meaning::data_parallel},
    {"dp-size", Meaning::data_parallel},
    {"enable-attention-dp", Meaning::share_data_parallel},
    {"enable-block-reuse", Meaning::prefix_caching},
    {"enable-chunked-prefill", Meaning::chunked_prefill},
    {"enable-dp-attention", Meaning::share_data_parallel},
    {"enable-expert-parallel", Meaning::expert_parallel_on},
    {"enable-prefix-caching", Meaning::prefix_caching},
    {"enforce-eager", Meaning::no_graphs},
    {"engine", Meaning::engine},
    {"ep", Meaning::expert_parallel},
    {"ep-size", Meaning::expert_parallel},
    {"expert-parallel-size", Meaning::expert_parallel},
    {"free-gpu-memory-fraction", Meaning::free_fraction},
    {"gemm-dtype", Meaning::weight_format},
    {"gpu", Meaning::device},
    {"gpu-memory-utilization", Meaning::memory_fraction},
    {"gpus", Meaning::gpus},
    {"hardware", Meaning::device},
    {"input-tokens", Meaning::input_tokens},
    {"kv-cache-dtype", Meaning::cache_format},
    {"kv-cache-free-gpu-mem-fraction", Meaning::free_fraction},
    {"kv-cache-free-gpu-memory-fraction", Meaning::free_fraction},
    {"kv-cache-quant-algo", Meaning::cache_format},
    {"kvcache-dtype", Meaning::cache_format},
    {"max-batch-size", Meaning::max_sequences},
    {"max-concurrency", Meaning::concurrency},
    {"max-cudagraph-capture-size", Meaning::graph_size},
    {"max-model-len", Meaning::max_model_len},
    {"max-num-batched-tokens", Meaning::token_budget},
    {"max-num-seqs", Meaning::max_sequences},
    {"max-num-tokens", Meaning::token_budget},
    {"max-prefill-tokens", Meaning::token_budget},
    {"max-running-requests", Meaning::max_sequences},
    {"max-seq-len", Meaning::max_model_len},
    {"mem-fraction-static", Meaning::memory_fraction},
    {"moe-ep", Meaning::expert_parallel},
    {"moe-ep-size", Meaning::expert_parallel},
    {"moe-expert-parallel-size", Meaning::expert_parallel},
    {"moe-tensor-parallel-size", Meaning::expert_tensor_parallel},
    {"moe-tp", Meaning::expert_tensor_parallel},
    {"moe-tp-size", Meaning::expert_tensor_parallel},
    {"n-gpu-layers", Meaning::layers_on_gpu},
    {"num-concurrent", Meaning::concurrency},
    {"output-tokens", Meaning::output_tokens},
    {"parallel", Meaning::max_sequences},
    {"pipeline-parallel-size", Meaning::pipeline_parallel},
    {"pp", Meaning::pipeline_parallel},
    {"pp-size", Meaning::pipeline_parallel},
    {"precision", Meaning::weight_format},
    {"quant-algo", Meaning::weight_format},
    {"quantization", Meaning::weight_format},
    {"system", Meaning::device},
    {"tensor-parallel-size", Meaning::tensor_parallel},
    {"tp", Meaning::tensor_parallel},
    {"tp-size", Meaning::tensor_parallel},
};
static_assert(std::ranges::is_sorted(spellings, {}, &Entry::first));

}  // namespace

std::optional<Meaning> find_meaning(std::string_view name) {
  for (const std::string_view prefix : {"__parallel__", "__quant__", "--"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  std::array<char, 48> buffer{};
  if (name.size() > buffer.size()) return std::nullopt;
  std::ranges::transform(name, buffer.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view plain(buffer.data(), name.size());
  const auto* const found = std::ranges::lower_bound(spellings, plain, {}, &Entry::first);
  if (found == std::end(spellings) || found->first != plain) return std::nullopt;
  return found->second;
}

}  // namespace autotuner::predict
