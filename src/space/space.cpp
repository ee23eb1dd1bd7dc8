#include "space/space.hpp"

#include <algorithm>

namespace autotuner::space {
namespace {

constexpr std::uint64_t saturated = std::uint64_t{1} << 63;

}  // namespace

std::optional<std::uint64_t> grid_size(const Space& space) {
  std::uint64_t size = 1;
  for (const auto& parameter : space.parameters) {
    const auto count = grid_count(parameter);
    if (!count) return std::nullopt;
    if (*count == 0) continue;
    size = size > saturated / *count ? saturated : size * *count;
  }
  return size;
}

Point grid_point(const Space& space, std::uint64_t index) {
  std::vector<std::size_t> digits(space.parameters.size(), 0);
  for (std::size_t i = digits.size(); i-- > 0;) {
    const auto count = grid_count(space.parameters[i]).value_or(0);
    if (count == 0) continue;
    digits[i] = static_cast<std::size_t>(index % count);
    index /= count;
  }
  Point point;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto& parameter = space.parameters[i];
    if (grid_count(parameter).value_or(0) > 0) point.set(parameter.name, grid_value(parameter, digits[i]));
  }
  return point;
}

std::optional<std::string> why_invalid(const Space& space, const PointRules& rules, const Point& point) {
  for (const auto& constraint : space.constraints) {
    const auto holds = constraint.holds(point);
    if (!holds) return holds.error().message;
    if (!*holds) return "constraint \"" + constraint.text() + "\" does not hold";
  }
  return rules.why_invalid ? rules.why_invalid(point) : std::nullopt;
}

std::string identity(const PointRules& rules, Dedupe dedupe, const Point& point) {
  return dedupe == Dedupe::resolved && rules.identity ? rules.identity(point) : identity(point);
}

void ExclusionTally::add(std::string reason, const Point& point) {
  const auto [found, is_new] = index_.try_emplace(reason, exclusions_.size());
  if (is_new) exclusions_.push_back({std::move(reason), 0, point});
  ++exclusions_[found->second].count;
}

std::vector<Exclusion> ExclusionTally::sorted() const {
  std::vector<std::pair<std::uint64_t, std::size_t>> order;  // earlier first among equally common ones
  order.reserve(exclusions_.size());
  for (std::size_t i = 0; i < exclusions_.size(); ++i) order.emplace_back(~exclusions_[i].count, i);
  std::ranges::sort(order);
  std::vector<Exclusion> exclusions;
  exclusions.reserve(order.size());
  for (const auto& [count, i] : order) exclusions.push_back(exclusions_[i]);
  return exclusions;
}

std::string to_text(const std::vector<Exclusion>& exclusions, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, exclusions.size()); ++i) {
    const auto& exclusion = exclusions[i];
    text += fmt::format("{}{} x {} (such as {})", i == 0 ? "" : "; ", exclusion.count, exclusion.reason,
                        to_text(exclusion.example));
  }
  if (exclusions.size() > limit) text += fmt::format("; and {} more reasons", exclusions.size() - limit);
  return text;
}

}  // namespace autotuner::space
