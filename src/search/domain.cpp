#include "search/domain.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::search {
namespace {

/// Digits of a drawn real: a millionth of the range is far below any noise, and more only clutters commands.
constexpr int digits = 6;

double parsed(const std::string& text, double fallback) {
  return base::to_number(text).value_or(fallback);
}

}  // namespace

Dimension::Dimension(const space::Parameter& parameter) : name_(parameter.name) {
  std::visit([this](const auto& domain) { set_bounds(domain); }, parameter.domain);
}

void Dimension::set_bounds(const space::Choices& choices) {
  choices_ = choices.values;
  count_ = choices_.size();
}

void Dimension::set_bounds(const space::IntegerRange& range) {
  form_ = Form::integer;
  integers_ = range;
  integers_.step = std::max<std::int64_t>(range.step, 1);
  step_ = static_cast<double>(integers_.step);
  count_ = space::step_count(range);
  log_ = range.log;
  low_ = static_cast<double>(range.low);
  high_ = low_ + static_cast<double>(count_ - 1) * step_;
  axis_low_ = cell_low(low_);
  axis_high_ = cell_high(high_);
}

void Dimension::set_bounds(const space::RealRange& range) {
  form_ = Form::real;
  count_ = range.low == range.high ? 1 : 0;
  log_ = range.log;
  low_ = range.low;
  high_ = range.high;
  axis_low_ = to_axis(low_);
  axis_high_ = to_axis(high_);
  const double magnitude = count_ == 0 ? std::floor(std::log10(high_ - low_)) : 0;
  decimals_ = digits - static_cast<int>(std::clamp(magnitude, -400.0, 400.0));
}

std::uint64_t Dimension::nearest_step(double coordinate) const {
  const double steps = std::round((coordinate - low_) / step_);
  if (!(steps > 0)) return 0;
  return steps >= static_cast<double>(count_ - 1) ? count_ - 1 : static_cast<std::uint64_t>(steps);
}

space::Value Dimension::value(double coordinate) const {
  switch (form_) {
    case Form::categorical:
      return choices_[static_cast<std::size_t>(coordinate)];
    case Form::integer:
      return space::integer_at(integers_, nearest_step(coordinate));
    case Form::real:
      break;
  }
  return coordinate;
}

std::optional<double> Dimension::coordinate(const space::Value& value) const {
  if (form_ == Form::categorical) {
    const auto found = std::ranges::find(choices_, value);
    if (found == choices_.end()) return std::nullopt;
    return static_cast<double>(found - choices_.begin());
  }
  const auto number = value.as_number();
  if (!number || std::isnan(*number)) return std::nullopt;
  return std::clamp(*number, low_, high_);
}

double Dimension::quantile(double u) const {
  if (form_ == Form::categorical || (form_ == Form::integer && !log_)) {
    const double position =
        std::min(std::floor(u * static_cast<double>(count_)), static_cast<double>(count_ - 1));
    return form_ == Form::categorical ? position : low_ + position * step_;
  }
  return from_axis(axis_low_ + (axis_high_ - axis_low_) * u);
}

double Dimension::to_axis(double coordinate) const {
  return log_ ? std::log(coordinate) : coordinate;
}

double Dimension::from_axis(double x) const {
  const double coordinate = log_ ? std::exp(x) : x;
  if (form_ == Form::integer) return low_ + static_cast<double>(nearest_step(coordinate)) * step_;
  const bool fixed_point = !log_ && decimals_ >= 0 && decimals_ <= 15;
  const auto text = fixed_point ? fmt::format("{:.{}f}", coordinate, decimals_)
                                : fmt::format("{:.{}e}", coordinate, log_ ? digits : 15);
  return std::clamp(parsed(text, coordinate), low_, high_);
}

double Dimension::half_step_below(double coordinate) const {
  const double edge = coordinate - step_ / 2;
  // Steps larger than the numbers themselves would leave the domain of the logarithm.
  return log_ ? std::max(edge, coordinate / 2) : edge;
}

double Dimension::cell_low(double coordinate) const {
  return to_axis(half_step_below(coordinate));
}

double Dimension::cell_high(double coordinate) const {
  return to_axis(coordinate + step_ / 2);
}

Domain::Domain(const space::Space& space) {
  for (const auto& parameter : space.parameters) {
    if (space::grid_count(parameter) != 0U) dimensions_.emplace_back(parameter);
  }
}

std::optional<std::uint64_t> Domain::size() const {
  constexpr std::uint64_t saturated = std::uint64_t{1} << 63;
  std::uint64_t size = 1;
  for (const auto& dimension : dimensions_) {
    if (dimension.count() == 0) return std::nullopt;
    size = size > saturated / dimension.count() ? saturated : size * dimension.count();
  }
  return size;
}

space::Point Domain::point(std::span<const double> coordinates) const {
  space::Point point;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    point.set(dimensions_[i].name(), dimensions_[i].value(coordinates[i]));
  }
  return point;
}

std::vector<std::optional<double>> Domain::coordinates(const space::Point& point) const {
  std::vector<std::optional<double>> coordinates;
  for (const auto& dimension : dimensions_) {
    const auto* value = point.find(dimension.name());
    coordinates.push_back(value != nullptr ? dimension.coordinate(*value) : std::nullopt);
  }
  return coordinates;
}

}  // namespace autotuner::search
