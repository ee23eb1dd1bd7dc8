#pragma once

#include <string>
#include <vector>

#include "cli/replay.hpp"
#include "search/history.hpp"

namespace autotuner::cli {

/// An earlier study that a replayed one may start from.
struct PastStudy {
  TuningTable table;
  search::Blueprint blueprint;
  bool flipped = false;  ///< test of robustness: every metric is told as its inverse
};

/// How many trials an earlier study had.
inline constexpr int past_trials = 30;

/// Reads the table of the earlier study. Errors: as read_tuning_table.
base::Result<PastStudy> read_past_study(const std::string& path, bool with_prior, bool flipped);

/// The successes of the earlier study, played with a seed and noise of its own.
std::vector<search::PastTrial> successes_of(const PastStudy& past, std::uint64_t seed);

}  // namespace autotuner::cli
