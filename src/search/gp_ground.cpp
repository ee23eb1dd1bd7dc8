#include "search/gp_ground.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "search/logged_strategy.hpp"

namespace autotuner::search {
namespace {

constexpr std::size_t most_judged = 50'000;
constexpr std::size_t pool_draws = 4'000;

std::map<std::string, double> logarithms(const std::map<std::string, double>& metrics) {
  std::map<std::string, double> result;
  for (const auto& [name, value] : metrics) {
    if (std::isfinite(value) && value > 0) result[name] = std::log(value);
  }
  return result;
}

}  // namespace

GpGround::GpGround(const space::Space& space, const Region& region, const Problem& problem)
    : problem_(problem), pool_(points_of(region)), features_(space, problem, pool_) {
  std::vector<double> rows;
  rows.reserve(pool_.size() * features_.columns());
  for (const auto& point : pool_) {
    const auto row = features_.of(point);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  candidates_ = std::make_shared<const CandidateSet>(features_.columns(), rows);
  for (const auto& parameter : space.parameters) {
    const auto role = role_of(parameter.name);
    if (role == Role::none || role == Role::data_parallel) continue;
    axes_.push_back({parameter.name, memory_direction(role), role == Role::memory_fraction,
                     role == Role::graph_size});
  }
  if (!problem_.prior) return;
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  margins_.assign(pool_.size(), unknown);
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    const auto estimate = problem_.prior(pool_[i]);
    if (!estimate) continue;
    margins_[i] = estimate->memory_margin.value_or(unknown);
    for (const auto& [name, value] : logarithms(estimate->metrics)) {
      auto& column = expected_[name];
      column.resize(pool_.size(), unknown);
      column[i] = value;
      ++known[name];
    }
  }
  // An expectation is a difference between points: one that is not there for all is none.
  for (const auto& [name, count] : known) {
    if (count < pool_.size()) expected_.erase(name);
  }
}

bool GpGround::is_server() const {
  return !margins_.empty() || std::ranges::any_of(axes_, &MemoryAxis::is_fraction);
}

std::vector<space::Point> GpGround::points_of(const Region& region) {
  std::vector<space::Point> points;
  holds_all_ = region.is_finite() && region.size() <= most_judged;
  if (holds_all_) {
    for (std::size_t i = 0; i < region.size(); ++i) points.push_back(region.item(i).point);
    return points;
  }
  base::Random random(0, 0x706f6f6c);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < pool_draws; ++i) {
    auto candidate = region.draw(random);
    if (!candidate) break;
    if (seen.insert(space::identity(candidate->point)).second) points.push_back(std::move(candidate->point));
  }
  return points;
}

std::span<const double> GpGround::expected(const std::string& metric) const {
  const auto found = expected_.find(metric);
  return found == expected_.end() ? std::span<const double>() : std::span<const double>(found->second);
}

Prospect GpGround::prospect(const space::Point& point) const {
  Prospect prospect{point, features_.of(point)};
  if (!problem_.prior) return prospect;
  if (const auto estimate = problem_.prior(point)) {
    prospect.expected = logarithms(estimate->metrics);
    prospect.memory_margin = estimate->memory_margin;
  }
  return prospect;
}

std::shared_ptr<const GpGround> make_gp_ground(const space::Space& space, const Region& region,
                                               const Problem& problem) {
  return std::make_shared<const GpGround>(space, region, problem);
}

}  // namespace autotuner::search
