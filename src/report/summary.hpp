#pragma once

#include <string>

#include "base/json.hpp"
#include "report/answer.hpp"

namespace autotuner::report {

/// The reference's results/<task_name>_results.json with our additions: task_name, strategy, totals,
/// best_result, all_results, verdict, baseline, stop_reason, simulated, analysis. Secrets never stand in it.
base::Json summary(const tuning::Run& run, const Answer& answer);

/// The same as indented text with a line end.
std::string summary_text(const tuning::Run& run, const Answer& answer);

}  // namespace autotuner::report
