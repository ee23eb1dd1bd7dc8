#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/problem.hpp"
#include "space/space.hpp"

namespace autotuner::search {

/// A success of an earlier task. Its numbers are no measurement of this one; how they differ from point to
/// point may be.
struct PastTrial {
  std::string task;  ///< trials of one task were measured alike
  space::Point point;
  std::map<std::string, double> metrics;  ///< above 0, by the names of the problem
  std::map<std::string, double> expected =
      {};  ///< what a performance model said of it there; empty = nothing
  bool operator==(const PastTrial&) const = default;
};

/// Fewer successes than this tell nothing of a space.
inline constexpr std::size_t fewest_past_trials = 5;

/// The trials that tell of points of the space. A parameter that most of them lack is not learnt of; of the
/// others every trial must have a value that the space has, or a number between two of its numbers.
/// Parameters that the space lacks may stand in a trial. Empty when fewer than `fewest_past_trials` are left.
std::vector<PastTrial> telling_trials(const space::Space& space, const Problem& problem,
                                      std::span<const PastTrial> trials);

/// The prior of the problem, bettered by what earlier tasks measured: for each metric a Gaussian process over
/// ln(measured) - ln(expected), whose mean is added to what is expected here; far from all trials it says
/// nothing and the prior stands. A metric that the prior has nothing on gets the process over ln(measured)
/// itself. Memory margins stay as they were. A pure function of its arguments; calls may run at once. Without
/// telling trials the prior as it was.
std::function<std::optional<PriorEstimate>(const space::Point&)> history_prior(
    const space::Space& space, const Problem& problem, std::span<const PastTrial> trials);

}  // namespace autotuner::search
