#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/failure.hpp"

namespace autotuner::hosts {

struct Captured {
  engine::ExitStatus status;
  std::string output;  ///< both outputs, the last 1000 lines
};

/// Runs a short helper (nvidia-smi, python -c) to its end. Errors: unavailable when it can't be started;
/// timed_out.
base::Result<Captured> capture(std::vector<std::string> command,
                               std::map<std::string, std::string> environment,
                               std::chrono::milliseconds limit);

/// The path of an executable file `name` in the folders of `path` (colon-separated), or as given when it
/// holds a slash; empty when there is none.
std::string find_executable(const std::string& name, std::string_view path);

}  // namespace autotuner::hosts
