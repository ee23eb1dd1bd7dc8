#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

enum class LaunchFormat { shell, systemd, docker, compose };

/// How to start the engine with the configuration of one experiment, ready to paste. Secrets stand as $NAME.
/// Empty for an unknown number.
std::string launch_text(const tuning::Run& run, int number, LaunchFormat format);

}  // namespace autotuner::report
