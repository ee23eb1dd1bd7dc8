#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::metrics {

enum class Objective {
  minimize_latency,
  maximize_throughput,
  minimize_ttft,
  minimize_tpot,
  maximize_goodput
};

const char* to_text(Objective objective);
std::optional<Objective> objective_from_text(std::string_view text);
/// All names, for messages.
std::vector<std::string_view> objective_names();
inline bool is_maximised(Objective o) {
  return o == Objective::maximize_throughput || o == Objective::maximize_goodput;
}
/// The registry name of what the objective reads: mean_total_throughput_per_gpu, or without GPUs the same
/// name less _per_gpu.
std::string objective_metric(Objective objective, bool per_gpu);

}  // namespace autotuner::metrics
