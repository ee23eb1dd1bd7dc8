#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "search/strategy.hpp"
#include "search/surrogate.hpp"

namespace autotuner::search {

/// One value for each objective, larger is better in all of them.
using Values = std::vector<double>;

/// a is at least as good as b in every objective and better in one.
bool dominates(const Values& a, const Values& b);

/// Positions of the rows that no other row dominates, ascending; of equal rows the first.
std::vector<std::size_t> non_dominated(std::span<const Values> rows);

/// The logarithms of what the trial measured, turned so that larger is better; empty unless it succeeded and
/// every one of its metrics is a number above 0.
Values log_values(const Trial& trial, std::span<const Objective> objectives);

/// What is reached in several objectives at once, above a reference point that is worse than all that counts.
/// The region that no point dominates is kept as disjoint boxes: a sweep over the last objective, and between
/// two of its values the same for the objectives before it; n + 1 boxes for two objectives, about n^2 / 2 for
/// three.
class Frontier {
 public:
  /// Rows that are not above the reference in every objective don't count.
  Frontier(std::vector<Values> rows, Values reference);

  /// Non-dominated, in the order they were given.
  const std::vector<Values>& points() const { return points_; }
  const Values& reference() const { return reference_; }
  /// Of what the points dominate, in the units of the objectives multiplied.
  double hypervolume() const { return hypervolume_; }
  /// By how much a further point of these values enlarges it.
  double improvement(std::span<const double> values) const;
  /// ln of the expected enlargement by a point of which this is believed, objectives independent: over the
  /// boxes [l, u] the sum of prod_k (EI(l_k) - EI(u_k)), EI(a) = E max(0, y_k - a) (Yang et al. 2019,
  /// "Efficient computation of expected hypervolume improvement", eq. 13), in logarithms throughout so that
  /// it tells apart what is far from any improvement, too (Ament et al. 2023).
  double log_expected_improvement(std::span<const Gaussian> beliefs) const;

 private:
  /// Bounds as positions in edges_.
  struct Box {
    std::vector<std::size_t> low, high;
  };
  void divide(std::vector<std::size_t> points, std::size_t objectives, Box box);
  double covered(std::vector<std::size_t> points, std::size_t objectives) const;

  std::vector<Values> points_;
  Values reference_;
  std::vector<Values> edges_;  ///< by objective, ascending: the reference, the points' values, infinity
  std::vector<Box> boxes_;
  double hypervolume_ = 0;
};

/// A reference point for rows that are to be improved: a tenth of their range, but at least `least`, below
/// the worst value of each objective. Empty for no rows.
Values reference_below(std::span<const Values> rows, double least);

/// The trials with the scores that strategies with one score should see: those of class met by the rank of
/// non-domination (Deb et al. 2002, NSGA-II), ties by crowding distance, the least crowded first; then those
/// of class missed in the same way. Scores are 0, 1, 2, ...; failures stay as they are.
std::map<int, Trial> ranked_by_frontier(const std::map<int, Trial>& trials,
                                        std::span<const Objective> objectives);

}  // namespace autotuner::search
