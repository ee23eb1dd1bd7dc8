#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "predict/model_kernels.hpp"
#include "predict/model_shape.hpp"
#include "search/history.hpp"
#include "search/strategy.hpp"

namespace autotuner::tuning {

/// One of a host's GPUs, as its driver describes it. An empty name = there is none.
struct GpuFacts {
  std::string name{};
  double memory_gib = 0;  ///< 0 = not known
  bool operator==(const GpuFacts&) const = default;
};

/// A point that ran out of memory in an earlier task.
struct KnownFailure {
  space::Point point{};
  search::Failure failure = search::Failure::out_of_memory;
  std::string engine_version{};  ///< empty = not known
  bool operator==(const KnownFailure&) const = default;
};

/// An earlier task that this one starts from, as far as it tells of this one's space.
struct EarlierTask {
  std::string name{};
  std::string model{};  ///< id or path
  bool same_model = false;
  bool same_load = false;  ///< scenarios and levels
  std::vector<search::PastTrial> trials{};
  std::vector<KnownFailure> failures{};
  bool operator==(const EarlierTask&) const = default;
};

/// Finds kernels that were measured for such a model, device and engine. Errors: not_found where there are
/// none; another kind where they can't be read.
using KernelSource = std::function<base::Result<predict::MeasuredKernels>(
    const predict::ModelShape&, const predict::Device&, predict::Engine)>;

/// What is known of model and hardware before anything is measured. Gathered once and stored with the run: a
/// model that is downloaded between two sessions, another driver, another package of kernel tables or a task
/// that is gone must not change what a resumed search expects.
struct Premises {
  GpuFacts gpu{};
  std::optional<predict::ModelShape>
      model{};  ///< from the model's own files; nothing = only its name is known
  std::optional<predict::MeasuredKernels> kernels{};  ///< the times themselves, not where they lie
  std::vector<EarlierTask> earlier{};                 ///< newest first
  bool operator==(const Premises&) const = default;
};

/// `model_config`: the words of a config.json. Null, or sizes that make no transformer = no shape.
Premises premises_of(const base::Json& model_config, GpuFacts gpu);

/// Without the trials: names, how they are alike, how many trials and known failures.
base::Json to_json(const std::vector<EarlierTask>& earlier);
/// As stored with a run.
base::Json to_json(const Premises& premises);
/// What is missing, of the wrong kind or no possible size leaves its part unknown.
Premises premises_from_json(const base::Json& json);

}  // namespace autotuner::tuning
