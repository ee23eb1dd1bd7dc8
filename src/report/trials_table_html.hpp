#pragma once

#include <string>

#include "report/answer.hpp"
#include "tuning/run.hpp"

namespace autotuner::report {

/// The section of the HTML report with every trial: a line of figures, and below it a line of words (outcome,
/// why it was tried).
std::string trials_html(const tuning::Run& run, const Answer& answer);

}  // namespace autotuner::report
