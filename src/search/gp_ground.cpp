#include "search/gp_ground.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "search/logged_strategy.hpp"
#include "search/suspicion.hpp"

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

/// Marks numbers of values that no point of the pool has.
constexpr std::uint32_t foreign = 0x8000'0000U;

double coordinate(const space::Value* value) {
  if (value == nullptr) return -1;
  if (const auto number = value->as_number()) return *number;
  return static_cast<double>(base::stable_hash(space::identity(*value)) >> 11);
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
    axes_.push_back(
        {parameter.name, memory_direction(role), role == Role::memory_fraction, role == Role::graph_size});
  }
  for (const auto& point : pool_) {
    const auto row = footprint(point);
    footprints_.insert(footprints_.end(), row.begin(), row.end());
  }
  number_values();
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
  if (std::ranges::all_of(margins_, [](double margin) { return std::isnan(margin); })) margins_.clear();
}

void GpGround::number_values() {
  if (pool_.empty()) return;
  for (const auto& [name, value] : pool_.front()) {
    if (parameters_.size() < Suspicion::most_parameters) parameters_.push_back(name);
  }
  for (const auto& point : pool_) {
    for (const auto& parameter : parameters_) {
      const auto* value = point.find(parameter);
      const auto next = static_cast<std::uint32_t>(number_of_value_.size());
      value_numbers_.push_back(
          number_of_value_.try_emplace(value == nullptr ? "" : space::identity(*value), next).first->second);
    }
  }
}

std::vector<std::uint32_t> GpGround::numbers_of(const space::Point& point) const {
  std::vector<std::uint32_t> numbers;
  for (const auto& parameter : parameters_) {
    const auto* value = point.find(parameter);
    const auto identity = value == nullptr ? std::string() : space::identity(*value);
    const auto found = number_of_value_.find(identity);
    numbers.push_back(found == number_of_value_.end()
                          ? foreign | static_cast<std::uint32_t>(base::stable_hash(identity))
                          : found->second);
  }
  return numbers;
}

std::vector<double> GpGround::footprint(const space::Point& point) const {
  std::vector<double> footprint;
  footprint.reserve(axes_.size());
  for (const auto& axis : axes_) footprint.push_back(coordinate(point.find(axis.parameter)));
  return footprint;
}

bool GpGround::is_server() const {
  return !margins_.empty() || std::ranges::any_of(axes_, &MemoryAxis::is_fraction);
}

std::vector<space::Point> GpGround::points_of(const Region& region) {
  std::vector<space::Point> points;
  holds_all_ = region.is_finite() && region.size() <= most_judged;
  base::Random random(0, 0x706f6f6c);
  if (region.is_finite()) {
    items_.resize(region.size());
    for (std::size_t i = 0; i < items_.size(); ++i) items_[i] = i;
    if (!holds_all_) {
      for (std::size_t i = 0; i < pool_draws; ++i) {
        const auto last = static_cast<std::int64_t>(items_.size()) - 1;
        std::swap(items_[i],
                  items_[static_cast<std::size_t>(random.integer(static_cast<std::int64_t>(i), last))]);
      }
      items_.resize(pool_draws);
    }
    for (const auto item : items_) points.push_back(region.item(item).point);
    return points;
  }
  for (std::size_t i = 0; i < pool_draws; ++i) {
    auto candidate = region.draw(random);
    if (!candidate) break;
    if (positions_.try_emplace(region.identity_of(candidate->point), points.size()).second)
      points.push_back(std::move(candidate->point));
  }
  return points;
}

std::optional<std::size_t> GpGround::position_of(const std::string& identity) const {
  const auto found = positions_.find(identity);
  return found == positions_.end() ? std::nullopt : std::optional(found->second);
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

CandidateSet candidates_of(const Features& features, std::span<const Prospect> prospects) {
  std::vector<double> rows;
  rows.reserve(prospects.size() * features.columns());
  for (const auto& prospect : prospects)
    rows.insert(rows.end(), prospect.features.begin(), prospect.features.end());
  return {features.columns(), rows};
}

std::shared_ptr<const GpGround> make_gp_ground(const space::Space& space, const Region& region,
                                               const Problem& problem) {
  return std::make_shared<const GpGround>(space, region, problem);
}

}  // namespace autotuner::search
