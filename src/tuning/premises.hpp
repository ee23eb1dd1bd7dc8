#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "predict/model_shape.hpp"

namespace autotuner::tuning {

/// One of a host's GPUs, as its driver describes it. An empty name = there is none.
struct GpuFacts {
  std::string name{};
  double memory_gib = 0;  ///< 0 = not known
  bool operator==(const GpuFacts&) const = default;
};

/// What is known of model and hardware before anything is measured. Gathered once and stored with the run: a
/// model that is downloaded between two sessions, or another driver, must not change what a resumed search
/// expects.
struct Premises {
  GpuFacts gpu{};
  std::optional<predict::ModelShape>
      model{};  ///< from the model's own files; nothing = only its name is known
  bool operator==(const Premises&) const = default;
};

/// `model_config`: the words of a config.json. Null, or sizes that make no transformer = no shape.
Premises premises_of(const base::Json& model_config, GpuFacts gpu);

/// As stored with a run.
base::Json to_json(const Premises& premises);
/// What is missing, of the wrong kind or no possible size leaves its part unknown.
Premises premises_from_json(const base::Json& json);

}  // namespace autotuner::tuning
