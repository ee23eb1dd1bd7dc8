#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "space/value.hpp"

namespace autotuner::space {

/// A list of values, in the order in which a grid visits them. A repeated value counts twice in a draw.
struct Choices {
  std::vector<Value> values;
  bool operator==(const Choices&) const = default;
};

/// low..high, both included. A grid expands it by `step`, at most 1000 values.
struct IntegerRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool log = false;
  std::int64_t step = 1;
  bool operator==(const IntegerRange&) const = default;
};

/// [low, high]. A grid needs `points` (evenly spaced; geometric if `log`).
struct RealRange {
  double low = 0;
  double high = 0;
  bool log = false;
  std::optional<int> points;
  bool operator==(const RealRange&) const = default;
};

struct Parameter {
  std::string name;
  std::variant<Choices, IntegerRange, RealRange> domain;
  bool operator==(const Parameter&) const = default;
};

/// How many values a grid visits; nothing for a real range without `points` or an integer range of > 1000.
std::optional<std::size_t> grid_count(const Parameter& parameter);
/// The values that a grid visits, in order; needs grid_count.
std::vector<Value> grid_values(const Parameter& parameter);
/// True if the parameter has exactly one value: it belongs to the task, not to the search.
bool is_fixed(const Parameter& parameter);

}  // namespace autotuner::space
