#pragma once

#include <vector>

namespace autotuner::search {

/// How much memory margin a model of memory must predict before a point really runs. Such models leave out
/// fragmentation, contexts and peaks: the margin at which points begin to run is an unknown threshold, around one
/// hundredth of the memory, learned from points that ran and from those that ran out of memory. Belief over a
/// grid of thresholds by Bayes' rule; a single point's margin is off by half a hundredth.
class MemoryThreshold {
 public:
  MemoryThreshold();

  void ran(double margin);
  void ran_out(double margin);
  /// Chance that a point of this margin does not run out of memory.
  double operator()(double margin) const;

 private:
  void weigh(double margin, bool ran);

  std::vector<double> belief_;
};

}  // namespace autotuner::search
