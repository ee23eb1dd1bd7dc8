#include "predict/deployment.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace autotuner::predict {

Engine find_engine(std::string_view name) {
  const auto plain = base::to_lower(name);
  const std::pair<std::string_view, Engine> known[] = {{"vllm", Engine::vllm},
                                                       {"sglang", Engine::sglang},
                                                       {"trt", Engine::tensorrt_llm},
                                                       {"tensorrt", Engine::tensorrt_llm},
                                                       {"llamacpp", Engine::llamacpp},
                                                       {"llama.cpp", Engine::llamacpp},
                                                       {"llama-server", Engine::llamacpp}};
  for (const auto& [beginning, engine] : known) {
    if (plain.starts_with(beginning)) return engine;
  }
  return Engine::other;
}

std::string_view to_text(Engine engine) {
  switch (engine) {
    case Engine::vllm:
      return "vllm";
    case Engine::sglang:
      return "sglang";
    case Engine::tensorrt_llm:
      return "tensorrt_llm";
    case Engine::llamacpp:
      return "llamacpp";
    case Engine::other:
      return "other";
  }
  return "other";
}

double gpus_per_replica(const Deployment& deployment) {
  return deployment.tensor_parallel * deployment.pipeline_parallel * deployment.attention_data_parallel;
}

Deployment engine_defaults(Engine engine) {
  Deployment defaults;
  defaults.engine = engine;
  switch (engine) {
    case Engine::vllm:
    case Engine::other:
      defaults.async_scheduling = engine == Engine::vllm;
      break;
    case Engine::sglang:
      defaults.max_sequences = 2048;
      defaults.memory_fraction = 0.88;
      defaults.graph_size = 256;
      defaults.async_scheduling = true;
      break;
    case Engine::tensorrt_llm:
      defaults.max_sequences = 2048;
      defaults.chunked_prefill = false;
      defaults.fraction_of_free = true;
      defaults.graph_size = 128;
      defaults.async_scheduling = true;
      break;
    case Engine::llamacpp:
      defaults.max_sequences = 4;
      defaults.token_budget = 2048;
      defaults.memory_fraction = 1;
      defaults.graph_size = 0;
      break;
  }
  return defaults;
}

}  // namespace autotuner::predict
