#include "tuning/problem.hpp"

#include "base/text.hpp"
#include "engine/group.hpp"
#include "engine/resolve.hpp"

namespace autotuner::tuning {
namespace {

constexpr auto objective_name = "objective";
/// A metric 5 % over its limit leaves two thirds of the score.
constexpr double limit_exponent = 8;

std::string name_of(const metrics::Limit& limit) {
  return limit.is_minimum() ? "1/" + limit.metric() : limit.metric();
}

double modelled(const metrics::Limit& limit, double value) {
  return limit.is_minimum() ? 1 / value : value;
}

/// Engines say that the weights left no room for the cache, and advise a larger share of the memory.
bool lacks_cache_room(const std::string& text) {
  const auto lower = base::to_lower(text);
  for (const auto* words : {"no available memory for the cache", "larger than the maximum number of tokens",
                            "needed, which is larger than the available kv cache",
                            "not enough memory. please try to increase --mem-fraction"}) {
    if (lower.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

search::Problem problem_of(const metrics::Goal& goal) {
  search::Problem problem;
  problem.objective =
      search::Objective{objective_name, metrics::is_maximised(goal.objective) ? search::Direction::maximize
                                                                              : search::Direction::minimize};
  for (const auto& wanted : goal.objectives) {
    problem.objectives.push_back(
        {wanted.metric, wanted.maximise ? search::Direction::maximize : search::Direction::minimize});
  }
  for (const auto& limit : goal.slo.limits) {
    if (limit.threshold <= 0) continue;
    problem.slos.push_back({.metric = name_of(limit),
                            .max = modelled(limit, limit.threshold),
                            .exponent = limit_exponent,
                            .hard = false});
  }
  return problem;
}

std::vector<search::Knob> knobs_of(const spec::Task& task) {
  std::vector<search::Knob> knobs;
  for (const auto& parameter : task.space.parameters) {
    const auto group = engine::group_of(task.runtime, parameter.name);
    knobs.push_back(
        {.name = parameter.name,
         .scope = engine::is_client_side(parameter.name) ? search::Scope::client : search::Scope::server,
         .group_rank = engine::exploration_rank(group).value_or(-1)});
  }
  return knobs;
}

std::map<std::string, double> metrics_of(const Experiment& experiment) {
  std::map<std::string, double> values;
  if (!experiment.score.value || *experiment.score.value <= 0) return values;
  values[objective_name] = *experiment.score.value;
  for (const auto& [metric, value] : experiment.score.objectives) {
    // What is limited, too, is held against its limit below.
    if (value > 0) values[metric] = value;
  }
  for (const auto& check : experiment.score.slo.checks) {
    if (check.actual > 0) values[name_of(check.limit)] = modelled(check.limit, check.actual);
  }
  return values;
}

search::Failure failure_of(const Experiment& experiment) {
  if (!experiment.failure || experiment.rank() < 3) return search::Failure::none;
  const auto& failure = *experiment.failure;
  if (failure.code == engine::FailureCode::invalid_point) return search::Failure::invalid;
  switch (failure.cls) {
    case engine::FailureClass::oom:
      if (experiment.stage >= 2) return search::Failure::out_of_memory_load;
      return lacks_cache_room(failure.message) || lacks_cache_room(experiment.log_tail)
                 ? search::Failure::no_cache_room
                 : search::Failure::out_of_memory;
    case engine::FailureClass::bad_flag:
      return search::Failure::invalid;
    case engine::FailureClass::timeout:
      return search::Failure::timeout;
    case engine::FailureClass::exited:
    case engine::FailureClass::connection:
      return search::Failure::unhealthy;
    case engine::FailureClass::removed:
    case engine::FailureClass::cancelled:
    case engine::FailureClass::slo:
    case engine::FailureClass::other:
      return search::Failure::other;
  }
  return search::Failure::other;
}

}  // namespace autotuner::tuning
