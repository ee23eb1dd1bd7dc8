#pragma once

#include "base/result.hpp"
#include "tuning/run.hpp"

namespace autotuner::cli {

/// What scripts may rely on.
enum ExitCode {
  success = 0,
  work_failed = 1,
  bad_usage = 2,
  limits_not_met = 3,  ///< finished, and nothing meets the limits
  interrupted = 130,
};

/// The exit code of an error.
ExitCode exit_code_of(const base::Error& error);

/// Of a finished run. Hard limits that nothing keeps are limits_not_met; soft ones only with `fail_on_slo`.
ExitCode exit_code_of(const tuning::Run& run, bool fail_on_slo);

}  // namespace autotuner::cli
