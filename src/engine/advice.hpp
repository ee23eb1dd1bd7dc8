#pragma once

#include <string>
#include <vector>

#include "engine/runtime.hpp"
#include "space/parameter.hpp"

namespace autotuner::engine {

/// The hardware as far as ranges depend on it.
struct Hardware {
  int cores = 1;  ///< physical or allowed CPUs for the engine
  double memory_gib = 0;
  int gpus = 0;
  double gpu_memory_gib = 0;
  std::string gpu_name{};
};

/// One parameter worth tuning: its values on this hardware and the reason for the range.
struct Advice {
  space::Parameter parameter;
  std::string reason;
};

/// What is worth tuning on this engine, most important first. Data, not code: one table per
/// engine. `max_concurrency` is the highest level of the workload.
std::vector<Advice> worth_tuning(RuntimeId runtime, const Hardware& hardware, int max_concurrency,
                                 int longest_context);

/// Parameters with one value that belong to every task of that engine on that hardware (e.g. ctx-size), with
/// reasons.
std::vector<Advice> fixed_settings(RuntimeId runtime, const Hardware& hardware, int max_concurrency,
                                   int longest_context);

}  // namespace autotuner::engine
