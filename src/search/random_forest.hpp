#pragma once

#include <span>
#include <vector>

#include "search/regression_tree.hpp"
#include "search/surrogate.hpp"

namespace autotuner::search {

/// Regression trees, each grown on as many observations drawn with repetition (Breiman 2001, "Random
/// forests"). The same seed and stream give the same forest.
class RandomForest {
 public:
  struct Settings {
    std::size_t trees = 80;
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    RegressionTree::Settings tree = {};
  };

  /// Needs at least one row.
  RandomForest(const TreeTable& table, const Settings& settings);

  /// Mean over the trees; deviation from the variance of the trees' means (Hutter, Hoos and Leyton-Brown
  /// 2011, "Sequential model-based optimization for general algorithm configuration", 4.1) plus the mean of
  /// the variances in their leaves (the law of total variance, Hutter et al. 2014, "Algorithm runtime
  /// prediction", eq. 3).
  Gaussian at(std::span<const double> row) const;
  /// The same for many rows, one after the other.
  std::vector<Gaussian> at_all(std::span<const double> cells) const;

  std::span<const RegressionTree> trees() const { return trees_; }

 private:
  std::size_t columns_ = 0;
  std::vector<RegressionTree> trees_;
};

}  // namespace autotuner::search
