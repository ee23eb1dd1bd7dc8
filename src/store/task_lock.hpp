#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/file_lock.hpp"

namespace autotuner::store {

/// Held by whoever tunes a task: two processes never run one task at a time. A lock file per task name, with
/// the holder's pid, host and time of taking; it ends with the process, however that ends.
class TaskLock {
 public:
  /// Errors: conflict naming pid, host and since when; unavailable when the folder can't be used. A lock
  /// whose process is gone, but which a child it left behind keeps open, is taken over.
  static base::Result<TaskLock> acquire(const std::string& folder, const std::string& task_name,
                                        const base::Clock& clock);
  TaskLock(TaskLock&&) noexcept = default;
  TaskLock& operator=(TaskLock&&) = delete;
  ~TaskLock();

  /// The lock file of a task.
  static std::string path_of(const std::string& folder, const std::string& task_name);

 private:
  TaskLock(FileLock lock, std::string folder, std::string path);
  FileLock lock_;
  std::string folder_;
  std::string path_;  ///< empty = moved from
};

}  // namespace autotuner::store
