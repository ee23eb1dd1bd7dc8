#include "search/features.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

namespace autotuner::search {
namespace {

/// Numbers that differ by this factor or more are sizes: their ratio counts, not their difference.
constexpr double size_ratio = 3;

/// The values that a parameter can take, or enough of them to see their form.
std::vector<space::Value> values_of(const space::Parameter& parameter) {
  if (const auto* choices = std::get_if<space::Choices>(&parameter.domain)) return choices->values;
  if (const auto* range = std::get_if<space::IntegerRange>(&parameter.domain))
    return {space::Value(range->low), space::Value(range->high)};
  const auto& range = std::get<space::RealRange>(parameter.domain);
  return {space::Value(range.low), space::Value(range.high)};
}

bool is_logarithmic(const space::Parameter& parameter) {
  if (const auto* range = std::get_if<space::IntegerRange>(&parameter.domain)) return range->log;
  if (const auto* range = std::get_if<space::RealRange>(&parameter.domain)) return range->log;
  return false;
}

std::optional<double> number_of(const space::Value& value) {
  if (const auto answer = value.as_bool()) return *answer ? 1.0 : 0.0;
  return value.as_number();
}

/// The largest e such that 2^e divides it; nothing of 0, which every power divides, and of what is not whole.
std::optional<double> exponent_of_two(double number) {
  constexpr double exact = 9007199254740992;  // 2^53: beyond it not every whole number is a double
  if (!(number > 0 && number <= exact) || number != std::floor(number)) return std::nullopt;
  return std::countr_zero(static_cast<std::uint64_t>(number));
}

/// Whether exponents of 2 say something of these numbers that their sizes don't. All must be whole.
bool odd_parts_differ(std::span<const space::Value> values) {
  std::optional<double> first;
  bool differ = false;
  for (const auto& value : values) {
    const double number = *number_of(value);
    if (number == 0) continue;
    const auto exponent = exponent_of_two(number);
    if (!exponent) return false;
    const double odd = std::ldexp(number, -static_cast<int>(*exponent));
    differ = differ || odd != first.value_or(odd);
    first = first.value_or(odd);
  }
  return differ && values.size() > 2;
}

}  // namespace

Features::Features(const space::Space& space, const Problem& problem, std::span<const space::Point> points) {
  for (const auto& parameter : space.parameters) {
    const auto values = values_of(parameter);
    if (values.empty()) continue;
    const auto* knob = problem.find(parameter.name);
    const bool numeric =
        std::ranges::all_of(values, [](const space::Value& v) { return number_of(v).has_value(); });
    if (numeric && (knob == nullptr || knob->ordered)) {
      add_numbers(parameter, values, is_logarithmic(parameter) || (knob != nullptr && knob->log), points);
    } else {
      add_names(parameter.name, values, points);
    }
  }
  std::vector<std::string> seen;
  for (const auto& constraint : space.constraints) {
    for (auto& quantity : constraint.quantities()) {
      if (std::ranges::find(seen, quantity.text()) != seen.end()) continue;
      seen.push_back(quantity.text());
      add_quantity(std::move(quantity), points);
    }
  }
}

void Features::add_names(const std::string& parameter, std::span<const space::Value> values,
                         std::span<const space::Point> points) {
  std::vector<Column> columns;
  for (const auto& value : values) {
    Column column{.parameter = parameter};
    column.form = Form::is_value;
    column.value = value;
    column.height = 1 / std::numbers::sqrt2;
    columns.push_back(std::move(column));
  }
  add_group(parameter, std::move(columns), points);
}

void Features::add_numbers(const space::Parameter& parameter, std::span<const space::Value> values, bool log,
                           std::span<const space::Point> points) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  double smallest = low;
  for (const auto& value : values) {
    const double number = *number_of(value);
    low = std::min(low, number);
    high = std::max(high, number);
    if (number > 0) smallest = std::min(smallest, number);
  }
  Column column{.parameter = parameter.name};
  const bool has_off = low == 0 && values.size() > 2;
  const bool sizes = high > 0 && high >= size_ratio * smallest;
  column.log = low >= 0 && (sizes || log);
  column.floor = has_off ? smallest / 2 : smallest;
  add_group(parameter.name, {column}, points);
  if (odd_parts_differ(values)) {
    Column exponent{.parameter = parameter.name};
    exponent.form = Form::exponent_of_two;
    add_group("exponent of 2 in " + parameter.name, {exponent}, points);
  }
  if (!has_off) return;
  Column off{.parameter = parameter.name};
  off.form = Form::is_value;
  off.value = space::Value(low);
  add_group(parameter.name + " off", {off}, points);
}

void Features::add_quantity(space::Quantity quantity, std::span<const space::Point> points) {
  const auto name = quantity.text();
  Column column;
  column.quantity = std::move(quantity);
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const auto& point : points) {
    const double number = column.quantity.at(point).value_or(std::nan(""));
    if (std::isnan(number)) continue;
    low = std::min(low, number);
    high = std::max(high, number);
  }
  column.log = low > 0 && high >= size_ratio * low;
  column.floor = low;
  add_group(name, {std::move(column)}, points);
}

double Features::raw(const Column& column, const space::Point& point, double otherwise) {
  const auto* value = column.parameter.empty() ? nullptr : point.find(column.parameter);
  if (column.form == Form::is_value) return value != nullptr && *value == column.value ? column.height : 0;
  const auto number = column.parameter.empty() ? column.quantity.at(point)
                      : value != nullptr       ? number_of(*value)
                                               : std::nullopt;
  if (!number || !std::isfinite(*number)) return otherwise;
  if (column.form == Form::exponent_of_two) return exponent_of_two(*number).value_or(otherwise);
  return column.log ? std::log2(std::max(*number, column.floor)) : *number;
}

void Features::add_group(const std::string& name, std::vector<Column> columns,
                         std::span<const space::Point> points) {
  bool added = false;
  for (auto& column : columns) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const auto& point : points) {
      const double number = raw(column, point, std::nan(""));
      if (std::isnan(number)) continue;
      low = std::min(low, number);
      high = std::max(high, number);
    }
    if (!(high > low)) continue;
    if (column.form != Form::is_value) {
      column.low = low;
      column.high = high;
    }
    columns_.push_back(std::move(column));
    group_of_.push_back(names_.size());
    added = true;
  }
  if (added) names_.push_back(name);
}

std::vector<double> Features::of(const space::Point& point) const {
  std::vector<double> features;
  features.reserve(columns_.size());
  for (const auto& column : columns_) {
    const double number = raw(column, point, (column.low + column.high) / 2);
    features.push_back((number - column.low) / (column.high - column.low));
  }
  return features;
}

}  // namespace autotuner::search
