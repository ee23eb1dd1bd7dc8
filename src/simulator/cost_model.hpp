#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// Size in billions of parameters as the model's name says it: "8b" 8, "0.5B" 0.5, "8x7b" 56, "135M" 0.135;
/// the first such size counts, 8 where there is none.
double billions_of(std::string_view model);

/// How many tokens the KV cache of one copy holds; 0 or less means that nothing fits beside the weights:
/// (gpu_memory * tp * pp * utilization - weights * B * w) / (kv_per_token * B * k), with w = 0.5 for fp8
/// weights and k = 0.5 for an fp8 cache, else 1.
std::int64_t kv_room_tokens(const Options& options);

/// Errors: unavailable with "out of memory (simulated)" and the sizes when there is no room for a single
/// token.
base::Result<void> check_memory(const Options& options);

/// What one step has to do.
struct StepWork {
  std::int64_t sequences = 0;      ///< that are given their next token
  std::int64_t prompt_tokens = 0;  ///< that are read
};

/// How long a step lasts; `z` is a standard normal number:
/// (1 + noise z) * (step-ms + B (0.9 w + 0.005 sequences + 0.003 prompt tokens) / tp^0.85 / pp^0.5) ms.
/// The factor never falls below 0.1.
std::chrono::nanoseconds step_duration(const Options& options, const StepWork& work, double z);

/// One line for stdout: that this is simulated, what is simulated, and on which assumptions.
std::string banner(const Options& options);

}  // namespace autotuner::simulator
