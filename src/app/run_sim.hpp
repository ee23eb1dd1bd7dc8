#pragma once

#include <string>
#include <vector>

namespace autotuner::app {

/// `autotuner sim ARGS`: serves until SIGTERM or SIGINT. Returns the exit code.
int run_sim(const std::vector<std::string>& arguments);

}  // namespace autotuner::app
