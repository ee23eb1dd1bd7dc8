#pragma once

#include <optional>
#include <string>

#include "engine/advice.hpp"

namespace autotuner::cli {

/// Asks at most five questions on the terminal, writes the task file, prints the one command that would have
/// done the same. The path of the file, or nothing when the user gave up.
std::optional<std::string> ask_for_task(const engine::Hardware& hardware);

}  // namespace autotuner::cli
