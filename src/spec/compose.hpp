#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/advice.hpp"
#include "spec/task.hpp"

namespace autotuner::spec {

/// What `autotuner tune` without a file and `autotuner init` know: engine, model, goal, budget (decision 16).
struct Wish {
  engine::RuntimeId runtime = engine::RuntimeId::llamacpp;
  std::string model;
  std::string name;  ///< empty = derived from engine and model
  metrics::Objective objective = metrics::Objective::maximize_throughput;
  std::vector<metrics::Limit> limits;  ///< from --ttft, --tpot, --latency
  std::vector<std::string> scenarios;  ///< empty = D(512,128), or what fits the hardware
  std::vector<int> concurrency;        ///< empty = chosen for the hardware
  std::optional<std::chrono::duration<double>> budget;
  std::optional<int> max_iterations;
  std::optional<std::uint64_t> seed;
  engine::Hardware hardware;
};

/// The task document as commented YAML: every range with its reason. Reads back through load_task without a
/// problem. Errors: invalid_input naming what is missing or unfit.
base::Result<std::string> compose_yaml(const Wish& wish);

/// "0.5s", "50ms", "10m", "2h" or a plain number of seconds. Errors: invalid_input with the forms that are
/// allowed.
base::Result<std::chrono::duration<double>> parse_duration(std::string_view text);

}  // namespace autotuner::spec
