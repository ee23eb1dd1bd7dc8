#include "search/problem.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::search {
namespace {

std::optional<double> positive(const std::map<std::string, double>& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  if (found == metrics.end() || !std::isfinite(found->second) || found->second <= 0) return std::nullopt;
  return found->second;
}

}  // namespace

const Knob* Problem::find(std::string_view parameter) const {
  const auto found = std::ranges::find(knobs, parameter, &Knob::name);
  return found == knobs.end() ? nullptr : &*found;
}

std::optional<double> soft_score(const Objective& objective, const std::vector<Slo>& slos,
                                 const std::map<std::string, double>& metrics) {
  const auto value = positive(metrics, objective.metric);
  if (!value) return std::nullopt;
  double score = objective.direction == Direction::maximize ? *value : 1 / *value;
  for (const auto& slo : slos) {
    const auto measured = positive(metrics, slo.metric);
    if (!measured || (slo.hard && *measured > slo.max)) return std::nullopt;
    score *= std::pow(std::min(1.0, slo.max / *measured), slo.exponent);
  }
  return score;
}

}  // namespace autotuner::search
