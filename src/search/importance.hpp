#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "space/space.hpp"

namespace autotuner::search {

/// What the metric would be on average if all trials had had one value of a parameter.
struct EffectLevel {
  std::string value;
  double mean = 0;       ///< of the trees, over the trials
  double deviation = 0;  ///< of the trees' means
  bool operator==(const EffectLevel&) const = default;
};

/// How much of the variation of a metric a parameter alone explains.
struct Effect {
  std::string parameter;
  double share = 0;  ///< of the variance over the space, 0 to 1; what is missing to 1 are interactions
  std::vector<EffectLevel> levels{};  ///< at most 12 of the values that were tried, in the parameter's order
  bool operator==(const Effect&) const = default;
};

/// Two parameters that were varied together: what each of them does can't be told apart.
struct Entangled {
  std::string first;
  std::string second;
  double correlation = 0;  ///< Spearman's, over the trials; beyond 0.8 either way
  bool operator==(const Entangled&) const = default;
};

struct Importance {
  std::size_t trials = 0;
  std::vector<Effect> effects;  ///< of the varied parameters, largest first
  std::vector<Entangled> entangled;
  bool operator==(const Importance&) const = default;
};

/// The fewest successes that say anything.
inline constexpr std::size_t least_successes = 10;

/// Main effects of a functional ANOVA over a forest of `trees` regression trees with seed 0 (Hutter, Hoos and
/// Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance"): with y the prediction
/// of a tree and a_j(v) its mean over all other parameters where parameter j is v, the share of j is V_j / V,
/// V_j = E_v[(a_j(v) - E y)^2], V = E[(y - E y)^2], averaged over the trees. All values of a parameter weigh
/// the same, ranges on their axis, and constraints are not regarded.
///
/// Levels are the partial dependence of the same trees (Friedman 2001, "Greedy function approximation: a
/// gradient boosting machine", 8.2): the mean prediction over the trials, each with parameter j set to v and
/// all others as they were. Of more than 512 trials some evenly spread ones stand for all.
///
/// `points` and what was measured at each. Points that lack a parameter and values that are no finite number
/// are left out; fewer than 10 others, or no parameter varied among them = nothing.
std::optional<Importance> importance(const space::Space& space, std::span<const space::Point> points,
                                     std::span<const double> values, std::size_t trees = 64);

/// Spearman's rank correlation, equal values sharing their mean rank; 0 if one of the two is constant.
double rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace autotuner::search
