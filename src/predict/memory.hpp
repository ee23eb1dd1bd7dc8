#pragma once

#include <string_view>

#include "predict/deployment.hpp"
#include "predict/device.hpp"

namespace autotuner::predict {

/// Why a configuration would run out of memory.
enum class Shortage {
  none,
  weights,   ///< weights and activations alone are more than the engine may take
  cache,     ///< what is left holds less than one sequence of the longest kind
  run_peak,  ///< the engine starts, but leaves too little for graphs and for peaks under load
};

/// "none", "no room for the weights", ...
std::string_view to_text(Shortage shortage);

/// Bytes of one GPU.
struct Memory {
  double capacity = 0;
  double weights = 0;
  double activations = 0;  ///< the largest step
  double cache = 0;        ///< keys and values; below 0 = missing
  double graphs = 0;
  double headroom = 0;  ///< outside of what the engine plans with, after graphs; below 0 = missing

  double cache_tokens = 0;         ///< of one replica, at least 0
  double tokens_per_sequence = 0;  ///< of the longest sequence
  /// What is left at the tightest place as a share of capacity: cache beyond one sequence, or headroom. Below
  /// 0 the configuration is expected to fail; near 0 nobody knows.
  double margin = 0;
  Shortage shortage = Shortage::none;

  bool operator==(const Memory&) const = default;
};

/// Weights / (tp pp) + activations of the largest step + cache + captured graphs against the GPU.
///
/// vLLM plans with memory_fraction of the GPU and takes weights, activations and context out of it; SGLang
/// takes weights alone and leaves activations outside; TensorRT-LLM takes a share of what is free after both.
/// Graphs are captured outside of the plan.
Memory memory(const ModelShape& shape, const Device& device, const Deployment& deployment,
              const Workload& load);

}  // namespace autotuner::predict
