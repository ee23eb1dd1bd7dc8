#include "space/parameter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::space {
namespace {

std::optional<std::size_t> count_of(const Choices& choices) {
  return choices.values.size();
}

std::optional<std::size_t> count_of(const IntegerRange& range) {
  const auto count = step_count(range);
  if (count > max_grid_integers) return std::nullopt;
  return static_cast<std::size_t>(count);
}

std::optional<std::size_t> count_of(const RealRange& range) {
  if (range.low == range.high) return 1;
  if (!range.points || *range.points < 1) return std::nullopt;
  return static_cast<std::size_t>(*range.points);
}

Value value_at(const Choices& choices, std::size_t index) {
  return choices.values[index];
}

Value value_at(const IntegerRange& range, std::size_t index) {
  return integer_at(range, index);
}

Value value_at(const RealRange& range, std::size_t index) {
  const auto count = *count_of(range);
  if (index == 0) return range.low;
  if (index + 1 == count) return range.high;
  const double part = static_cast<double>(index) / static_cast<double>(count - 1);
  const double value = range.log ? range.low * std::pow(range.high / range.low, part)
                                 : range.low + (range.high - range.low) * part;
  const auto rounded = base::to_number(fmt::format("{:.12g}", value));
  return std::clamp(rounded.value_or(value), range.low, range.high);
}

base::Json document_of(const Choices& choices) {
  base::Json list = base::Json::array();
  for (const auto& value : choices.values) list.push_back(to_json(value));
  return list;
}

base::Json document_of(const IntegerRange& range) {
  base::Json document{{"type", "integer"}, {"low", range.low}, {"high", range.high}, {"log", range.log}};
  if (range.step != 1) document["step"] = range.step;
  return document;
}

base::Json document_of(const RealRange& range) {
  base::Json document{{"type", "continuous"}, {"low", range.low}, {"high", range.high}, {"log", range.log}};
  if (range.points) document["points"] = *range.points;
  return document;
}

}  // namespace

std::uint64_t step_count(const IntegerRange& range) {
  if (range.low > range.high) return 0;
  const auto width = static_cast<std::uint64_t>(range.high) - static_cast<std::uint64_t>(range.low);
  const auto steps = width / static_cast<std::uint64_t>(std::max<std::int64_t>(range.step, 1));
  return steps == std::numeric_limits<std::uint64_t>::max() ? steps : steps + 1;
}

std::int64_t integer_at(const IntegerRange& range, std::uint64_t index) {
  // Unsigned, because the distance may exceed what a signed number holds though both ends fit.
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(range.low) +
                                   index * static_cast<std::uint64_t>(range.step));
}

std::optional<std::size_t> grid_count(const Parameter& parameter) {
  return std::visit([](const auto& domain) { return count_of(domain); }, parameter.domain);
}

Value grid_value(const Parameter& parameter, std::size_t index) {
  return std::visit([index](const auto& domain) { return value_at(domain, index); }, parameter.domain);
}

std::vector<Value> grid_values(const Parameter& parameter) {
  std::vector<Value> values;
  const auto count = grid_count(parameter).value_or(0);
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) values.push_back(grid_value(parameter, i));
  return values;
}

bool is_fixed(const Parameter& parameter) {
  if (const auto* choices = std::get_if<Choices>(&parameter.domain)) {
    const auto& values = choices->values;
    return !values.empty() &&
           std::ranges::all_of(values, [&](const Value& v) { return v == values.front(); });
  }
  if (const auto* range = std::get_if<IntegerRange>(&parameter.domain)) return step_count(*range) == 1;
  const auto& range = std::get<RealRange>(parameter.domain);
  return range.low == range.high;
}

base::Json to_json(const Parameter& parameter) {
  return std::visit([](const auto& domain) { return document_of(domain); }, parameter.domain);
}

}  // namespace autotuner::space
