#include "tuning/run.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "tuning/race.hpp"

namespace autotuner::tuning {
namespace {

constexpr std::array all_states = {TaskState::pending, TaskState::running, TaskState::completed,
                                   TaskState::failed, TaskState::cancelled};

/// Rows that the engine was started and loaded with alike are one entry. A point that never resolved has no
/// flags, which must not make it equal to a baseline that has none either.
std::string identity_of(const Experiment& experiment) {
  if (experiment.failure && experiment.failure->code == engine::FailureCode::invalid_point) {
    return "point " + space::identity(experiment.parameters);
  }
  return engine::identity(engine::Resolved{
             .flags = experiment.flags, .environment = experiment.environment_variables, .notes = {}}) +
         engine::client_identity(experiment.parameters);
}

template <class Map, class Equal>
int count_differences(const Map& map, const Map& other, const Equal& equal_in) {
  int differences = 0;
  for (const auto& [name, value] : map) differences += equal_in(other, name, value) ? 0 : 1;
  return differences;
}

/// Names that are set differently, or in one of the two only.
int flags_changed(const Experiment& experiment, const Experiment& from) {
  const auto same_flag = [](const space::Point& point, const std::string& name, const space::Value& value) {
    const auto* found = point.find(name);
    return found != nullptr && *found == value;
  };
  using Variables = std::map<std::string, std::string>;
  const auto same_variable = [](const Variables& variables, const std::string& name,
                                const std::string& value) {
    const auto found = variables.find(name);
    return found != variables.end() && found->second == value;
  };
  const auto absent_flag = [](const space::Point& point, const std::string& name, const space::Value&) {
    return point.contains(name);
  };
  const auto absent_variable = [](const Variables& variables, const std::string& name, const std::string&) {
    return variables.contains(name);
  };
  return count_differences(experiment.flags, from.flags, same_flag) +
         count_differences(from.flags, experiment.flags, absent_flag) +
         count_differences(experiment.environment_variables, from.environment_variables, same_variable) +
         count_differences(from.environment_variables, experiment.environment_variables, absent_variable);
}

}  // namespace

const char* to_text(TaskState state) {
  switch (state) {
    case TaskState::pending:
      return "pending";
    case TaskState::running:
      return "running";
    case TaskState::completed:
      return "completed";
    case TaskState::failed:
      return "failed";
    case TaskState::cancelled:
      return "cancelled";
  }
  return "failed";
}

std::optional<TaskState> task_state_from_text(std::string_view text) {
  const auto wanted = base::to_lower(text);
  for (const auto state : all_states) {
    if (wanted == to_text(state)) return state;
  }
  return std::nullopt;
}

metrics::Contender contender(const Experiment& experiment, const Experiment* baseline) {
  return {
      .number = experiment.number,
      .identity = identity_of(experiment),
      .rank = experiment.rank(),
      .whole = experiment.fidelity >= 1,
      .valid = experiment.trust() != metrics::Trust::invalid,
      .score = experiment.score.score,
      .hard_excess = experiment.score.slo.hard_excess,
      .stage = experiment.stage,
      .penalty = experiment.penalty,
      .gpus = experiment.gpus,
      .flags_changed = flags_changed(experiment, baseline != nullptr ? *baseline : Experiment{}),
  };
}

std::vector<metrics::Contender> contenders(const Run& run) {
  const auto* baseline = find(run, 0);
  std::vector<metrics::Contender> rows;
  for (const auto& experiment : run.experiments) {
    const bool copied = experiment.same_as && find(run, *experiment.same_as) != nullptr;
    if (experiment.terminal() && !copied) rows.push_back(contender(experiment, baseline));
  }
  return rows;
}

metrics::Choice choose(const Run& run) {
  const auto race = race_of(run);
  const auto outcome = race ? outcome_of(*race) : std::nullopt;
  return metrics::choose(contenders(run), run.task.reference_compat || run.task.goal.reference_compat,
                         outcome ? &*outcome : nullptr);
}

const Experiment* find(const Run& run, int number) {
  const auto found = std::ranges::find(run.experiments, number, &Experiment::number);
  return found == run.experiments.end() ? nullptr : &*found;
}

}  // namespace autotuner::tuning
