#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

/// The whole report as one HTML file that opens offline: verdict, launch command, Pareto plot, convergence,
/// per-concurrency curves with limits, failures by cause, table of trials, host audit; light and dark.
std::string html(const tuning::Run& run, const Answer& answer);

}  // namespace autotuner::report
