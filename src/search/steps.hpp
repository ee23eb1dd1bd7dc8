#pragma once

#include <vector>

#include "search/domain.hpp"
#include "search/problem.hpp"

namespace autotuner::search {

/// The points that differ from a point in one parameter by one step: the next value up or down of a list of
/// numbers, any other value of names, and of a range 1/8, 1/32 and 1/128 of its axis (at least one step of
/// the range), so that a climb can both travel and settle.
class Steps {
 public:
  Steps(const Domain& domain, const Problem& problem);

  /// Each once, the point itself left out; whether they may run is not looked at. `domain`: the one it was
  /// made for.
  std::vector<space::Point> from(const Domain& domain, const space::Point& point) const;

 private:
  std::vector<double> around(const Dimension& dimension, std::size_t index, double coordinate) const;

  std::vector<std::vector<double>>
      orders_;  ///< by dimension: coordinates of a list of numbers, ascending; else empty
};

}  // namespace autotuner::search
