#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "report/answer.hpp"

namespace autotuner::report {

/// The reference's results/<task_name>_results.json with our additions: task_name, strategy, totals,
/// best_result, all_results, verdict, baseline, stop_reason, simulated, analysis. Secrets never stand in it.
base::Json summary(const tuning::Run& run, const Answer& answer);

/// The same as indented text with a line end, piece by piece: a run may have thousands of experiments, and
/// the whole document takes many times their memory.
void write_summary(const tuning::Run& run, const Answer& answer,
                   const std::function<void(std::string_view)>& write);

}  // namespace autotuner::report
