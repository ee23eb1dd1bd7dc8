#pragma once

#include <optional>
#include <string_view>

namespace autotuner::predict {

/// What a parameter of any engine means for speed and memory.
enum class Meaning {
  tensor_parallel,
  pipeline_parallel,
  data_parallel,            ///< whole copies of the model (vLLM's, SGLang's dp without dp attention)
  attention_data_parallel,  ///< attention by request, experts across all GPUs
  share_data_parallel,      ///< switch: data_parallel is over the attention alone
  expert_parallel,
  expert_parallel_on,  ///< switch: experts are spread over all GPUs
  expert_tensor_parallel,
  weight_format,
  cache_format,
  max_sequences,
  token_budget,         ///< tokens of one step at most
  chunked_prefill,      ///< switch
  prefill_chunk,        ///< tokens; below 1 = prompts are never split
  prefix_caching,       ///< switch
  no_prefix_caching,    ///< switch
  memory_fraction,      ///< of a GPU's memory for everything the engine keeps
  free_fraction,        ///< of the memory that weights leave, for the cache
  graph_size,           ///< largest batch with a captured graph; 0 = none
  no_graphs,            ///< switch
  async_scheduling,     ///< switch
  no_async_scheduling,  ///< switch
  max_model_len,
  cache_tokens,   ///< tokens that the cache holds in all (llama.cpp's ctx-size)
  layers_on_gpu,  ///< llama.cpp's n-gpu-layers
  gpus,
  concurrency,
  batch_size,  ///< requests in flight, with llama.cpp tokens of one step
  device,
  engine,
  input_tokens,
  output_tokens,
};

/// The meaning of a parameter's name, however it is spelled: "tp-size", "tensor_parallel_size",
/// "__parallel__tp", "--tensor-parallel-size". Nothing for names that don't matter here.
std::optional<Meaning> find_meaning(std::string_view name);

}  // namespace autotuner::predict
