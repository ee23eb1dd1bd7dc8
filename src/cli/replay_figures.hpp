#pragma once

#include <string>
#include <vector>

#include "cli/replay.hpp"

namespace autotuner::cli {

/// Figures over the studies of one table.
base::Json summary(const TuningTable& table, const std::string& strategy,
                   const std::vector<ReplayedStudy>& studies);
/// These figures in one line for people.
std::string row_of(const TuningTable& table, const base::Json& figures);
/// One study, in the members that comparisons read.
base::Json run_of(const TuningTable& table, const std::string& strategy, const ReplayedStudy& study);

}  // namespace autotuner::cli
