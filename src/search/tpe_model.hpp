#pragma once

#include <map>
#include <vector>

#include "search/domain.hpp"
#include "search/parzen.hpp"
#include "search/strategy.hpp"

namespace autotuner::search {

/// Points of trials in the order of their numbers: the best tenth (at most 25) of those with a result, and
/// the rest, which those still running belong to.
struct SplitTrials {
  std::vector<space::Point> good;
  std::vector<space::Point> other;
};

SplitTrials split_trials(const std::map<int, Trial>& trials, const std::vector<space::Point>& pending);

/// The two densities of the tree-structured Parzen estimator, l of the good and g of the other points: per
/// parameter, or, if `joint`, one pair over all of them. Parameters with one value are left out.
class TpeModel {
 public:
  /// The domain must outlive it.
  TpeModel(const Domain& domain, const SplitTrials& trials, bool joint);

  /// Of 24 draws from l the one with the largest l / g, for each group of parameters.
  space::Point draw(base::Random& random) const;
  /// ln l - ln g; parameters that the point lacks don't count.
  double log_ratio(const space::Point& point) const;

 private:
  struct Group {
    std::vector<std::size_t> dimensions;
    Parzen l;
    Parzen g;
  };

  const Domain& domain_;
  std::vector<Group> groups_;
};

}  // namespace autotuner::search
