#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "search/strategy.hpp"

namespace autotuner::search {

/// ln of the metric of that name; nothing where it is missing, no finite number or not above 0.
std::optional<double> logarithm(const std::map<std::string, double>& metrics, const std::string& name);

/// Scores on a scale where ratios are differences and larger is better: ln of the soft score where the
/// problem names its metrics and one objective, else ln of what the trials score if all are gains or all are
/// losses, else the score over the largest.
class LogScore {
 public:
  /// The problem must outlive it.
  LogScore(const Problem& problem, std::span<const Trial* const> trials);

  /// Nothing for failures, missing metrics and scores that are no finite number.
  std::optional<double> of(const Trial& trial) const;

 private:
  enum class Form { gains, losses, plain };

  const Problem& problem_;
  Form form_ = Form::plain;
  double scale_ = 1;
};

}  // namespace autotuner::search
