#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace autotuner::store {

/// A whole-file lock (flock) between processes, on a file or a folder. The kernel ends it with the process.
class FileLock {
 public:
  /// Waits until nobody else holds the lock of that existing file or folder. Errors: unavailable.
  static base::Result<FileLock> wait_for(const std::string& path);
  /// Creates the file where it is missing. Nothing when somebody else holds it. Errors: unavailable.
  static base::Result<std::optional<FileLock>> try_file(const std::string& path);

  FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  /// Replaces what the file says. Errors: unavailable.
  base::Result<void> write_text(const std::string& text);

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace autotuner::store
