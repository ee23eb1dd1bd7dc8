#include "cli/exit_code.hpp"

#include <algorithm>

#include "metrics/choice.hpp"

namespace autotuner::cli {

ExitCode exit_code_of(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::invalid_input:
    case base::ErrorKind::not_found:
      return bad_usage;
    case base::ErrorKind::cancelled:
      return interrupted;
    case base::ErrorKind::conflict:
    case base::ErrorKind::timed_out:
    case base::ErrorKind::unavailable:
    case base::ErrorKind::internal:
      return work_failed;
  }
  return work_failed;
}

ExitCode exit_code_of(const tuning::Run& run, bool fail_on_slo) {
  if (run.state == tuning::TaskState::cancelled) return interrupted;
  if (run.stop_reason == "error") return work_failed;
  const auto choice = tuning::choose(run);
  if (choice.best) {
    const bool met = tuning::find(run, *choice.best)->rank() == 0;
    return !met && fail_on_slo ? limits_not_met : success;
  }
  return choice.nearest_miss ? limits_not_met : work_failed;
}

}  // namespace autotuner::cli
