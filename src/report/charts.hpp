#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

/// "P90 TTFT [ms]"; the name of an unknown metric.
std::string axis_label(const std::string& metric);
/// Shown value = stored value times this.
double display_factor(const std::string& metric);

/// Throughput against the latency that matters, a dot an operating point, limits shaded, frontier joined.
std::string pareto_figure(const tuning::Run& run, const Answer& answer);
/// Each trial's objective and the best so far; failures as crosses.
std::string convergence_figure(const tuning::Run& run, const Answer& answer);
/// The final race: a line per entrant with its rounds, mean and interval; empty without one.
std::string race_figure(const tuning::Run& run, const Answer& answer);
/// Throughput, TTFT, TPOT and end-to-end latency over concurrency for the chosen configuration, the defaults
/// and the runner-up; with one level measured, over trials instead.
std::string level_figures(const tuning::Run& run, const Answer& answer);

}  // namespace autotuner::report
