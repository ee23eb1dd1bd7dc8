#pragma once

#include <span>
#include <string>
#include <string_view>

namespace autotuner::metrics {

enum class Direction { lower, higher, none };

/// One row of the only list of metric names, units and directions.
struct MetricInfo {
  std::string_view name{};
  std::string_view label{};         ///< for people: "P90 TTFT"
  std::string_view unit{};          ///< of the stored number: s, tokens/s, ...
  std::string_view display_unit{};  ///< of the shown number: ms, ...
  double factor = 1;                ///< shown = stored * factor
  Direction direction = Direction::none;
  std::string_view help{};
};

std::span<const MetricInfo> all_metrics();
/// nullptr for an unknown name.
const MetricInfo* find_metric(std::string_view name);
/// "7.1 s", "185 ms", "3,937 tokens/s/GPU": the value with its display unit.
std::string to_readable(std::string_view metric, double value);

}  // namespace autotuner::metrics
