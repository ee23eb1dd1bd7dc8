#pragma once

#include <map>
#include <span>
#include <string>

#include "metrics/batch.hpp"

namespace autotuner::metrics {

/// 95 % intervals of a level by registry name: throughput over time windows, means of ttft, tpot and
/// e2e_latency over consecutive groups of requests, their percentiles from order statistics. Unfinished
/// requests that waited longer than a figure raise its bounds. What can't be known from so little data is
/// absent.
std::map<std::string, Interval> intervals_of(std::span<const load::LevelRun> passes,
                                             const BatchContext& context, const Batch& batch);

/// Moves both bounds of every interval apart by `share` of its middle.
void widen(std::map<std::string, Interval>& intervals, double share);

}  // namespace autotuner::metrics
