#include "search/neighbours.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace autotuner::search {
namespace {

constexpr int tries = 300;
constexpr std::int64_t most_changes = 3;
constexpr double small_step = 0.1;  ///< of the axis, as a deviation

double changed(const Dimension& dimension, double coordinate, base::Random& random) {
  if (dimension.form() == Dimension::Form::categorical) {
    const auto count = static_cast<std::int64_t>(dimension.count());
    const auto other = random.integer(0, count - 2);
    return static_cast<double>(other) < coordinate ? static_cast<double>(other)
                                                   : static_cast<double>(other + 1);
  }
  const double width = dimension.axis_high() - dimension.axis_low();
  const double x = dimension.to_axis(coordinate) + random.normal(0, small_step * width);
  const double moved = dimension.from_axis(std::clamp(x, dimension.axis_low(), dimension.axis_high()));
  return moved != coordinate ? moved : dimension.quantile(random.uniform());
}

}  // namespace

std::vector<space::Candidate> neighbours(const Region& region, std::span<const space::Point> origins,
                                         base::Random& random) {
  const auto& dimensions = region.domain().dimensions();
  std::vector<std::size_t> varied;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    if (dimensions[i].varies()) varied.push_back(i);
  }
  std::vector<space::Candidate> found;
  if (varied.empty() || origins.empty()) return found;
  std::vector<std::vector<double>> starts;
  for (const auto& origin : origins) {
    auto& start = starts.emplace_back();
    for (const auto& coordinate : region.domain().coordinates(origin))
      start.push_back(coordinate.value_or(0));
  }
  std::set<std::vector<double>> seen;
  for (int i = 0; i < tries; ++i) {
    auto coordinates = starts[static_cast<std::size_t>(i) % starts.size()];
    for (auto changes = random.integer(1, most_changes); changes > 0; --changes) {
      const auto which =
          varied[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(varied.size()) - 1))];
      coordinates[which] = changed(dimensions[which], coordinates[which], random);
    }
    if (!seen.insert(coordinates).second) continue;
    auto candidate = region.admit(region.domain().point(coordinates));
    if (candidate) found.push_back(std::move(*candidate));
  }
  return found;
}

}  // namespace autotuner::search
