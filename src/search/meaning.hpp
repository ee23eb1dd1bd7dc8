#pragma once

#include <string_view>

namespace autotuner::search {

/// What a parameter is about, whatever an engine calls it.
enum class Role {
  none,
  tensor_parallel,
  pipeline_parallel,
  data_parallel,
  memory_fraction,  ///< share of the GPU's memory that the engine may take
  sequences,        ///< requests in one batch at most
  token_budget,     ///< tokens in one step at most
  graph_size,       ///< largest batch for which a graph is captured
  context_length,
  weight_type,
  cache_type,
  concurrency  ///< requests in flight, set by the load generator
};

/// By the names that vLLM, SGLang, TensorRT-LLM and llama.cpp use; prefixes of folded keys, dashes and case
/// do not matter. Role::none for any other name.
Role role_of(std::string_view parameter);

/// Whether more of it takes more memory of a GPU, all else equal: 1; less: -1; unrelated: 0.
int memory_direction(Role role);

}  // namespace autotuner::search
