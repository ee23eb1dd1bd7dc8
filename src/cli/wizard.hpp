#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/advice.hpp"

namespace autotuner::cli {

/// Asks at most five questions on the terminal, writes the task file, prints the one command that would have
/// done the same. The path of the file. Errors: cancelled when the user gave up; invalid_input; unavailable
/// when the file can't be written.
base::Result<std::string> ask_for_task(const engine::Hardware& hardware);

}  // namespace autotuner::cli
