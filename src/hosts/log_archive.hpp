#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// An engine's log on disk: <path> and, when it was long, its earlier parts <path>.1 and <path>.2, each as it
/// was written or compressed (.gz behind its name) after the task.
namespace autotuner::hosts {

/// Compresses all parts. A part that was compressed before and has grown again since gets the rest behind it.
/// The text is removed only when all of it is in the compressed file. Errors: unavailable, naming the file.
base::Result<void> compress_log(const std::string& path);

/// Hands the whole log to `sink`, piece by piece, oldest first. Errors: not_found when there is no part of
/// it, unavailable when one can't be read.
base::Result<void> read_log(const std::string& path, const std::function<void(std::string_view)>& sink);

/// Removes all parts.
void remove_log(const std::string& path);

}  // namespace autotuner::hosts
