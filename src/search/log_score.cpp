#include "search/log_score.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::search {
namespace {

bool has_score(const Trial& trial) {
  return trial.finished && trial.rank != TrialClass::failed && trial.score && std::isfinite(*trial.score);
}

}  // namespace

std::optional<double> logarithm(const std::map<std::string, double>& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  if (found == metrics.end() || !std::isfinite(found->second) || found->second <= 0) return std::nullopt;
  return std::log(found->second);
}

LogScore::LogScore(const Problem& problem, std::span<const Trial* const> trials) : problem_(problem) {
  bool gains = true;
  bool losses = true;
  double largest = 0;
  for (const auto* trial : trials) {
    if (!has_score(*trial)) continue;
    gains = gains && *trial->score < 0;
    losses = losses && *trial->score > 0;
    largest = std::max(largest, std::abs(*trial->score));
  }
  form_ = gains ? Form::gains : losses ? Form::losses : Form::plain;
  if (largest > 0) scale_ = largest;
}

std::optional<double> LogScore::of(const Trial& trial) const {
  if (problem_.objective && problem_.objectives.empty()) {
    if (!trial.finished || trial.rank == TrialClass::failed) return std::nullopt;
    const auto score = soft_score(*problem_.objective, problem_.slos, trial.metrics);
    return score && std::isfinite(*score) && *score > 0 ? std::optional(std::log(*score)) : std::nullopt;
  }
  if (!has_score(trial)) return std::nullopt;
  switch (form_) {
    case Form::gains:
      return std::log(-*trial.score);
    case Form::losses:
      return -std::log(*trial.score);
    case Form::plain:
      break;
  }
  return -*trial.score / scale_;
}

}  // namespace autotuner::search
