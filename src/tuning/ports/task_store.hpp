#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "tuning/run.hpp"

namespace autotuner::tuning {

/// The head of a stored task, for lists.
struct TaskHead {
  std::int64_t id = 0;
  std::string name;
  TaskState state = TaskState::pending;
  std::string created_at;
  int experiments = 0;
  int successful = 0;
};

/// Keeps tasks and their experiments. Safe to call from several coroutines at once. All errors: unavailable
/// when the database can't be read or written (disk full included: the message says so, what was stored
/// stays); save and finish also not_found when the task is gone, conflict when a later run of it has been
/// opened.
class TaskStore {
 public:
  virtual ~TaskStore() = default;
  /// Stores a new task in state running, run 1; or, when a task of that name exists, opens its next run.
  /// Keeps the secrets of the document apart. Returns the row id and run number inside `run`.
  virtual base::Awaitable<base::Result<void>> open_run(Run& run) = 0;
  /// The latest run of a task with its experiments. Errors: not_found; invalid_input when the stored document
  /// is one that this program can't run (tasks of other programs).
  virtual base::Awaitable<base::Result<Run>> find(std::string task_name) = 0;
  /// As find, of the task whose run was started last. Errors: not_found when nothing was ever started.
  virtual base::Awaitable<base::Result<Run>> latest() = 0;
  /// Runs of this engine that are over, completed or not, at most `most`, the one started last first. Tasks
  /// whose stored document can't be run are left out.
  virtual base::Awaitable<base::Result<std::vector<Run>>> finished(engine::RuntimeId runtime, int most) = 0;
  /// Newest first, by creation.
  virtual base::Awaitable<base::Result<std::vector<TaskHead>>> list() = 0;
  /// Inserts or replaces one experiment and the checkpoint document (JSON; empty = as it was), in one
  /// transaction: after a crash both are there or neither.
  virtual base::Awaitable<base::Result<void>> save(const Run& run, const Experiment& experiment,
                                                   std::string checkpoint) = 0;
  /// State, stop reason, totals, best experiment, and the checkpoint as in save.
  virtual base::Awaitable<base::Result<void>> finish(const Run& run, std::string checkpoint) = 0;
};

}  // namespace autotuner::tuning
