#include <algorithm>

#include "engine/catalogue.hpp"
#include "engine/parallel.hpp"
#include "engine/resolve.hpp"

namespace autotuner::engine {
namespace {

/// Parallel factors decide how many GPUs an engine takes, so the baseline has to choose them.
bool is_parallel(const space::Parameter& parameter, RuntimeId runtime) {
  if (parameter.name.starts_with(parallel_prefix)) return true;
  const auto flag = canonical_flag(runtime, parameter.name);
  return std::ranges::any_of(parallel_fields(), [&](std::string_view field) {
    return !parallel_flags(runtime, {{std::string(field), 2}}).empty() &&
           parallel_flags(runtime, {{std::string(field), 2}}).contains(flag);
  });
}

bool allowed(const space::Space& space, const space::Point& point) {
  return std::ranges::all_of(space.constraints, [&](const space::Constraint& constraint) {
    return constraint.holds(point).value_or(false);
  });
}

}  // namespace

space::Point baseline_point(const space::Space& space, const Setting& setting) {
  space::Space choices;
  for (const auto& parameter : space.parameters) {
    const bool parallel = is_parallel(parameter, setting.runtime) && space::grid_count(parameter);
    if (space::is_fixed(parameter) || parallel) choices.parameters.push_back(parameter);
  }
  space::Point fixed;
  for (const auto& parameter : choices.parameters) {
    if (space::is_fixed(parameter)) fixed.set(parameter.name, space::grid_values(parameter).front());
  }
  // Parallel settings are few; more than this is no list of GPU counts.
  constexpr std::uint64_t most = 10'000;
  const auto points = std::min(space::grid_size(choices).value_or(0), most);
  std::optional<space::Point> best;
  int fewest = 0;
  for (std::uint64_t index = 0; index < points; ++index) {
    const auto point = space::grid_point(choices, index);
    const auto resolved = resolve(point, setting);
    if (!resolved || !allowed(space, point) || (best && resolved->world_size >= fewest)) continue;
    best = point;
    fewest = resolved->world_size;
  }
  return best.value_or(fixed);
}

}  // namespace autotuner::engine
