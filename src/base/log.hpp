#pragma once

#include <memory>
#include <string>

#include <spdlog/fwd.h>

namespace autotuner::base {

/// The logger that is handed to whoever writes log lines; spdlog's own, thread-safe. Files that log include
/// <spdlog/spdlog.h>.
using Logger = std::shared_ptr<spdlog::logger>;

/// Lines "[YYYY-MM-DD HH:MM:SS] [LEVEL] text" in UTC on stderr.
Logger make_stderr_logger(bool verbose);
Logger make_silent_logger();

}  // namespace autotuner::base
