#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

/// How the first experiment of a group of failures was started, under which limit of memory, and the last
/// lines it printed; secrets are masked as stored. Empty when nothing was started.
std::string failure_text(const tuning::Run& run, const FailureGroup& group);

}  // namespace autotuner::report
