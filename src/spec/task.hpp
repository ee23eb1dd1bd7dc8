#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/runtime.hpp"
#include "load/plan.hpp"
#include "metrics/score.hpp"
#include "search/strategy.hpp"
#include "space/space.hpp"

namespace autotuner::spec {

enum class DeploymentMode { docker, local, ome };
const char* to_text(DeploymentMode mode);

struct Model {
  std::string id_or_path;
  std::string name_space = "default";
  std::string hf_token;      ///< secret: never logged, stored or shown
  std::string quantization;  ///< method named in the task; empty = not named
  bool operator==(const Model&) const = default;
};

/// The final race: the best few against each other and the engine's defaults.
struct RaceWish {
  int candidates = 3;  ///< 2 to 8, the defaults not counted
  int rounds = 5;      ///< at most; 1 to 50
  bool operator==(const RaceWish&) const = default;
};

/// `optimization` without what search::Options and metrics::Goal hold.
struct Running {
  std::chrono::duration<double> timeout_per_iteration{1800};
  std::optional<std::chrono::duration<double>> ready_timeout;
  std::optional<std::chrono::duration<double>> total_timeout;
  int max_parallel_experiments = 1;
  std::optional<bool> baseline;    ///< absent: the entry point decides
  std::optional<bool> early_stop;  ///< absent: the entry point decides
  std::optional<int> patience;
  std::optional<double> min_improvement;
  bool stop_when_converged = false;                ///< obeys the stop rule of the strategy, if it has one
  bool warm_start = false;                         ///< begins with what similar tasks of the store measured
  std::optional<std::pair<int, int>> repeat_best;  ///< k best points n more times
  std::optional<RaceWish> race;                    ///< never together with repeat_best
  /// Share of the load that decides whether the rest is sent; 0.05 to 0.5. Absent: all of it is.
  std::optional<double> short_look;
  bool operator==(const Running&) const = default;
};

/// A checked task document: everything typed, in our units, defaults filled in.
struct Task {
  std::string name;
  std::string description;
  Model model;
  std::string base_runtime;  ///< as written
  engine::RuntimeId runtime = engine::RuntimeId::sim;
  std::string runtime_image_tag;
  std::optional<DeploymentMode> deployment_mode;  ///< absent: flag or setting decides
  std::string gpu_type;
  space::Space space;      ///< quant_config and parallel_config folded in, aliases resolved
  search::Options search;  ///< seed 0 with seed_given false: drawn at start
  bool seed_given = false;
  std::string strategy;  ///< the word of the document
  metrics::Goal goal;
  bool per_gpu =
      false;  ///< throughput and goodput are compared per GPU: every configuration that may run has one
  Running running;
  load::Workload workload;
  std::optional<double> price_per_gpu_hour;
  std::vector<std::string> tags;
  std::string owner;
  bool reference_compat = false;

  /// The normalised document without secrets: what is stored, shown and exported.
  std::string document;
};

}  // namespace autotuner::spec
