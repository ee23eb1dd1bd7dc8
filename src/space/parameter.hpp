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

/// low..high, both included, by `step`. A grid expands it to at most 1000 values.
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
  std::optional<int> points = std::nullopt;
  bool operator==(const RealRange&) const = default;
};

struct Parameter {
  std::string name;
  std::variant<Choices, IntegerRange, RealRange> domain;
  bool operator==(const Parameter&) const = default;
};

/// The most values that a grid takes from an integer range.
inline constexpr std::size_t max_grid_integers = 1000;

/// low, low + step, ... up to high: how many there are. 0 if low > high; saturates at 2^64 - 1.
std::uint64_t step_count(const IntegerRange& range);
/// low + index * step; index < step_count.
std::int64_t integer_at(const IntegerRange& range, std::uint64_t index);

/// How many values a grid visits; nothing for a real range without `points` or an integer range of > 1000.
/// A real range of one value needs no `points`.
std::optional<std::size_t> grid_count(const Parameter& parameter);
/// Value `index` of those that a grid visits; index < grid_count. Reals are rounded to 12 digits, so that
/// people see 0.8, not 0.7999999999999999.
Value grid_value(const Parameter& parameter, std::size_t index);
/// The values that a grid visits, in order; needs grid_count.
std::vector<Value> grid_values(const Parameter& parameter);
/// True if the parameter has exactly one value: it belongs to the task, not to the search.
bool is_fixed(const Parameter& parameter);

/// As a task document writes it: a list, or an object with `type`, `low`, `high`, `log` and what was given of
/// `step` and `points`.
base::Json to_json(const Parameter& parameter);

}  // namespace autotuner::space
