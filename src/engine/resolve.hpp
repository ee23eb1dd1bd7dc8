#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/runtime.hpp"
#include "space/parameter.hpp"
#include "space/point.hpp"
#include "space/space.hpp"

namespace autotuner::engine {

/// What resolving and checking a point needs to know beside the point.
struct Setting {
  RuntimeId runtime = RuntimeId::sim;
  std::string model{};                   ///< id or path, for pre-quantized detection
  std::string model_quantization{};      ///< method found in config.json or named in the task; empty = none
  int host_gpus = 0;                     ///< GPUs of the host; 0 = a host without GPU
  std::optional<int> gpu_limit{};        ///< more GPUs than this are refused; nothing = unknown
  std::optional<int> longest_context{};  ///< input + output tokens of the workload's longest request
  /// Version of the engine when it is known: then words that the catalogue does not list are refused.
  std::string engine_version{};
};

/// A point turned into what the engine is started with.
struct Resolved {
  space::Point flags;                              ///< canonical names without dashes, ordered, typed
  std::map<std::string, std::string> environment;  ///< from parameters named env.NAME
  int world_size = 1;                              ///< GPUs (for sim: simulated ones)
  std::vector<std::string> notes;                  ///< overrides, dropped settings
};

/// Presets expanded, quantization and parallel settings mapped to this engine's flags, the user's own
/// parameters winning over them, every rule of the engine checked. Errors: invalid_input with the reason why
/// the point can't run.
base::Result<Resolved> resolve(const space::Point& point, const Setting& setting);

/// Equal for points with equal resolved flags and environment.
std::string identity(const Resolved& resolved);
/// Equal for points with equal client-side parameters; empty without any.
std::string client_identity(const space::Point& point);

/// The rules above as the space module wants them.
space::PointRules point_rules(const Setting& setting);

/// Folds quant_config and parallel_config documents (already checked) into the parameters, in the fixed field
/// order; presets are one joint dimension (__quant__preset, __parallel__preset).
/// Errors: invalid_input for unknown fields, values or presets; each message names the path.
base::Result<std::vector<space::Parameter>> fold(std::vector<space::Parameter> parameters,
                                                 const base::Json& quant_config,
                                                 const base::Json& parallel_config, RuntimeId runtime);

/// The baseline: parameters with exactly one value; of varying parallel factors the valid choice with the
/// smallest world size.
space::Point baseline_point(const space::Space& space, const Setting& setting);

/// The baseline as a point of the space: with the engine's defaults for what it leaves to the engine. Nothing
/// where a default is not known or is none of the values.
std::optional<space::Point> baseline_in_space(const space::Space& space, const Setting& setting);

/// GPUs that flags need on this runtime; lenient: unreadable factors count as 1.
int world_size(const space::Point& flags, RuntimeId runtime, bool host_has_gpu);

/// Parameters named client.NAME: the load generator reads them, not the engine, so they never cause a
/// restart (spec/client_parameters.hpp says which there are).
bool is_client_side(std::string_view parameter);

}  // namespace autotuner::engine
