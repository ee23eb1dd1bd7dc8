#include "search/meaning.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.hpp"

namespace autotuner::search {
namespace {

struct Synonym {
  std::string_view name;
  Role role;
};

constexpr std::array<Synonym, 48> synonyms{{{"tensor_parallel_size", Role::tensor_parallel},
                                            {"tp_size", Role::tensor_parallel},
                                            {"tensor_parallel", Role::tensor_parallel},
                                            {"tp", Role::tensor_parallel},
                                            {"pipeline_parallel_size", Role::pipeline_parallel},
                                            {"pp_size", Role::pipeline_parallel},
                                            {"pipeline_parallel", Role::pipeline_parallel},
                                            {"pp", Role::pipeline_parallel},
                                            {"data_parallel_size", Role::data_parallel},
                                            {"dp_size", Role::data_parallel},
                                            {"dp", Role::data_parallel},
                                            {"attention_dp_size", Role::data_parallel},
                                            {"gpu_memory_utilization", Role::memory_fraction},
                                            {"mem_fraction_static", Role::memory_fraction},
                                            {"mem_fraction", Role::memory_fraction},
                                            {"kv_cache_free_gpu_mem_fraction", Role::memory_fraction},
                                            {"kv_cache_free_gpu_memory_fraction", Role::memory_fraction},
                                            {"free_gpu_memory_fraction", Role::memory_fraction},
                                            {"max_num_seqs", Role::sequences},
                                            {"max_running_requests", Role::sequences},
                                            {"max_batch_size", Role::sequences},
                                            {"parallel", Role::sequences},
                                            {"n_parallel", Role::sequences},
                                            {"max_num_batched_tokens", Role::token_budget},
                                            {"chunked_prefill_size", Role::token_budget},
                                            {"max_prefill_tokens", Role::token_budget},
                                            {"max_num_tokens", Role::token_budget},
                                            {"batch_size", Role::token_budget},
                                            {"ubatch_size", Role::token_budget},
                                            {"max_cudagraph_capture_size", Role::graph_size},
                                            {"cuda_graph_max_bs", Role::graph_size},
                                            {"max_seq_len_to_capture", Role::graph_size},
                                            {"max_model_len", Role::context_length},
                                            {"context_length", Role::context_length},
                                            {"max_seq_len", Role::context_length},
                                            {"ctx_size", Role::context_length},
                                            {"quantization", Role::weight_type},
                                            {"gemm_dtype", Role::weight_type},
                                            {"precision", Role::weight_type},
                                            {"dtype", Role::weight_type},
                                            {"kv_cache_dtype", Role::cache_type},
                                            {"kvcache_dtype", Role::cache_type},
                                            {"cache_type_k", Role::cache_type},
                                            {"concurrency", Role::concurrency},
                                            {"client.concurrency", Role::concurrency},
                                            {"num_concurrency", Role::concurrency},
                                            {"max_concurrency", Role::concurrency},
                                            {"request_concurrency", Role::concurrency}}};

}  // namespace

Role role_of(std::string_view parameter) {
  auto name = base::replace_all(base::to_lower(parameter), "-", "_");
  for (const std::string_view prefix : {"__parallel__", "__quant__", "__"}) {
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  }
  const auto found = std::ranges::find(synonyms, name, &Synonym::name);
  return found == synonyms.end() ? Role::none : found->role;
}

int memory_direction(Role role) {
  switch (role) {
    case Role::memory_fraction:
    case Role::sequences:
    case Role::token_budget:
    case Role::graph_size:
    case Role::context_length:
    case Role::concurrency:
      return 1;
    case Role::tensor_parallel:
    case Role::pipeline_parallel:
      return -1;
    case Role::none:
    case Role::data_parallel:
    case Role::weight_type:
    case Role::cache_type:
      break;
  }
  return 0;
}

}  // namespace autotuner::search
