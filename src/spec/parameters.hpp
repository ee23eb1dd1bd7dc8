#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/runtime.hpp"
#include "space/parameter.hpp"
#include "spec/document.hpp"

namespace autotuner::spec {

/// What reading `parameters` depends on.
struct ParameterContext {
  engine::RuntimeId runtime = engine::RuntimeId::sim;
  bool needs_grid = false;  ///< the strategy visits a grid: every range must be finite
};

/// `parameters` with the engine's own spelling of each name.
struct ReadParameters {
  std::vector<space::Parameter> parameters;
  Node normalised;  ///< the same as a document: names resolved, values as written, no secrets
};

/// All value forms, names held against the engine's catalogue. Problems go to `report`; what is unusable is
/// left out.
ReadParameters read_parameters(const Node& object, const ParameterContext& context, Report& report);

/// One value specification, or nothing when it is dropped or wrong.
std::optional<space::Parameter> read_parameter(const std::string& name, const std::string& path,
                                               const Node& node, bool needs_grid, Report& report);

}  // namespace autotuner::spec
