#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/resolve.hpp"
#include "metrics/choice.hpp"
#include "spec/task.hpp"
#include "tuning/experiment.hpp"
#include "tuning/premises.hpp"

namespace autotuner::tuning {

enum class TaskState { pending, running, completed, failed, cancelled };
const char* to_text(TaskState state);
/// Any case, as stored rows have it in capitals.
std::optional<TaskState> task_state_from_text(std::string_view text);

/// One line of the host audit (decision 18): governor, boost, SMT, swap, limits, load.
struct HostFact {
  std::string name;
  std::string state;  ///< ok doubtful unknown
  std::string value;
  std::string remedy;
  bool operator==(const HostFact&) const = default;
};

/// A task with its experiments: all that a report, a resume or a choice needs.
struct Run {
  std::int64_t task_id = 0;  ///< row id
  int run = 1;
  spec::Task task;
  TaskState state = TaskState::pending;
  std::uint64_t seed = 0;
  std::vector<Experiment> experiments;  ///< by number, baseline (0) first when there is one
  std::uint64_t planned = 0;            ///< experiments, baseline not counted
  std::uint64_t space_points = 0, space_valid = 0, space_distinct = 0;
  /// space_exhausted max_iterations patience converged total_timeout cancelled unknown_flag error
  std::string stop_reason;
  std::string error_message;
  std::vector<HostFact> host;
  std::optional<Premises> premises;  ///< nothing = not gathered yet
  std::string created_at, started_at, completed_at;
  double elapsed = 0;  ///< s over all sessions
  spec::DeploymentMode mode = spec::DeploymentMode::local;
};

/// One row as the choice rule wants it; `baseline` may be null: flags then count as changed when they are
/// set.
metrics::Contender contender(const Experiment& experiment, const Experiment* baseline);
/// The finished rows as the choice rule wants them. Rows that copy another row's result are left out: they
/// are no measurement of their own.
std::vector<metrics::Contender> contenders(const Run& run);
metrics::Choice choose(const Run& run);
/// nullptr when there is no experiment of that number.
const Experiment* find(const Run& run, int number);

}  // namespace autotuner::tuning
