#pragma once

#include <vector>

#include "cli/application.hpp"

namespace autotuner::app {

/// Every command with its concrete parts.
std::vector<cli::AddCommand> commands(const cli::Settings& settings);

}  // namespace autotuner::app
