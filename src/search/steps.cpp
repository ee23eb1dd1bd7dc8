#include "search/steps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace autotuner::search {
namespace {

constexpr std::array<double, 3> strides = {1.0 / 8, 1.0 / 32, 1.0 / 128};

/// Coordinates by ascending number, equal values once; nothing if some value is none.
std::vector<double> ascending(const Dimension& dimension) {
  std::vector<std::pair<double, double>> numbers;
  for (std::uint64_t i = 0; i < dimension.count(); ++i) {
    const auto number = dimension.value(static_cast<double>(i)).as_number();
    if (!number) return {};
    numbers.emplace_back(*number, static_cast<double>(i));
  }
  std::ranges::sort(numbers);
  std::vector<double> order;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i == 0 || numbers[i].first != numbers[i - 1].first) order.push_back(numbers[i].second);
  }
  return order;
}

}  // namespace

Steps::Steps(const Domain& domain, const Problem& problem) {
  for (const auto& dimension : domain.dimensions()) {
    const auto* knob = problem.find(dimension.name());
    const bool is_list = dimension.form() == Dimension::Form::categorical;
    const bool ordered = knob == nullptr || knob->ordered;
    orders_.push_back(is_list && ordered ? ascending(dimension) : std::vector<double>());
  }
}

std::vector<double> Steps::around(const Dimension& dimension, std::size_t index, double coordinate) const {
  std::vector<double> found;
  const auto& order = orders_[index];
  if (!order.empty()) {
    const auto value = dimension.value(coordinate);
    const auto at =
        std::ranges::find_if(order, [&](double other) { return dimension.value(other) == value; });
    if (at == order.end()) return found;
    if (at != order.begin()) found.push_back(*std::prev(at));
    if (std::next(at) != order.end()) found.push_back(*std::next(at));
    return found;
  }
  if (dimension.form() == Dimension::Form::categorical) {
    for (std::uint64_t i = 0; i < dimension.count(); ++i) found.push_back(static_cast<double>(i));
    return found;
  }
  const double low = dimension.axis_low();
  const double high = dimension.axis_high();
  const double here = dimension.to_axis(coordinate);
  for (const double stride : strides) {
    for (const double direction : {-1.0, 1.0}) {
      const double x = std::clamp(here + direction * stride * (high - low), low, high);
      double moved = dimension.from_axis(x);
      if (moved == coordinate && dimension.form() == Dimension::Form::integer) {
        const double edge = direction < 0 ? dimension.cell_low(coordinate) : dimension.cell_high(coordinate);
        const double beyond = edge + direction * 1e-9 * (high - low);
        moved = dimension.from_axis(std::clamp(beyond, low, high));
      }
      found.push_back(moved);
    }
  }
  return found;
}

std::vector<space::Point> Steps::from(const Domain& domain, const space::Point& point) const {
  const auto& dimensions = domain.dimensions();
  std::vector<double> coordinates;
  const auto known = domain.coordinates(point);
  for (std::size_t i = 0; i < dimensions.size(); ++i)
    coordinates.push_back(known[i].value_or(dimensions[i].quantile(0.5)));
  std::vector<space::Point> found;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (!dimensions[i].varies()) continue;
    const double here = coordinates[i];
    auto values = around(dimensions[i], i, here);
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
    const auto present = dimensions[i].value(here);
    for (const double value : values) {
      if (value == here || dimensions[i].value(value) == present) continue;
      coordinates[i] = value;
      found.push_back(domain.point(coordinates));
    }
    coordinates[i] = here;
  }
  return found;
}

}  // namespace autotuner::search
