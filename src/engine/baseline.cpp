#include <algorithm>
#include <cmath>

#include "base/text.hpp"
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

/// The value of the parameter that a default's text spells.
std::optional<space::Value> value_spelled(const space::Parameter& parameter, std::string_view text) {
  const auto number = base::to_number(text);
  if (const auto* choices = std::get_if<space::Choices>(&parameter.domain)) {
    for (const auto& value : choices->values) {
      const bool equal = number ? value.as_number() == number
                                : base::to_lower(space::to_text(value)) == base::to_lower(text);
      if (equal) return value;
    }
    return std::nullopt;
  }
  if (!number) return std::nullopt;
  if (const auto* range = std::get_if<space::IntegerRange>(&parameter.domain)) {
    const double steps = (*number - static_cast<double>(range->low)) /
                         static_cast<double>(std::max<std::int64_t>(range->step, 1));
    if (*number < static_cast<double>(range->low) || *number > static_cast<double>(range->high) ||
        std::trunc(steps) != steps)
      return std::nullopt;
    return space::Value(static_cast<std::int64_t>(*number));
  }
  const auto& range = std::get<space::RealRange>(parameter.domain);
  return *number >= range.low && *number <= range.high ? std::optional(space::Value(*number)) : std::nullopt;
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

std::optional<space::Point> baseline_in_space(const space::Space& space, const Setting& setting) {
  const auto baseline = baseline_point(space, setting);
  space::Point point;
  for (const auto& parameter : space.parameters) {
    if (const auto* value = baseline.find(parameter.name)) {
      point.set(parameter.name, *value);
      continue;
    }
    const auto* flag = find_flag(setting.runtime, canonical_flag(setting.runtime, parameter.name));
    if (flag == nullptr || flag->default_text.empty()) return std::nullopt;
    const auto value = value_spelled(parameter, flag->default_text);
    if (!value) return std::nullopt;
    point.set(parameter.name, *value);
  }
  return allowed(space, point) && resolve(point, setting) ? std::optional(point) : std::nullopt;
}

}  // namespace autotuner::engine
