#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/score.hpp"

namespace autotuner::metrics {

/// A figure above 0 with how far a 95 % interval reaches beside it, as shares of it.
struct Estimate {
  double value = 0;
  double below = 0;  ///< 0.05 = the lower bound is 5 % below
  double above = 0;
  bool operator==(const Estimate&) const = default;
};

/// The batches that a score was made of: the kept ones, those of one level, or the best operating points.
std::vector<const Batch*> scored_batches(const Metrics& metrics, const Goal& goal, const Score& score);

/// `value`, which is the mean of a metric over `batches`, with the intervals of these: for the mean of
/// independent figures v_i with the bounds l_i the lower reach is sqrt(sum (v_i - l_i)^2) / sum v_i, the
/// upper one alike (Zou and Donner 2008, recovery of variance estimates). A figure per GPU has the reach of
/// the figure itself. Goodput, which has no interval, has that of the output rate and of the share of good
/// requests, requests in flight together counted as one. Nothing when a batch has no interval or the value
/// isn't above 0.
std::optional<Estimate> estimate_of(double value, const std::string& metric,
                                    const std::vector<const Batch*>& batches);

}  // namespace autotuner::metrics
