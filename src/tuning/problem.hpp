#pragma once

#include "metrics/score.hpp"
#include "search/strategy.hpp"
#include "spec/task.hpp"
#include "tuning/experiment.hpp"

/// A task as a strategy that models metrics sees it.
namespace autotuner::tuning {

/// The objective without penalties and the limits, each modelled by itself; a score with penalties would bend
/// every model around the limits. Metrics carry the names that `metrics_of` gives. A limit counts steeply
/// rather than absolutely: what keeps all limits ranks before what does not, and where nothing keeps them the
/// nearest miss still has a slope.
search::Problem problem_of(const metrics::Goal& goal);

/// What the engine's table knows of the task's parameters: the rank of their group and which of them the load
/// generator reads.
std::vector<search::Knob> knobs_of(const spec::Task& task);

/// What an experiment measured, on the basis that is scored: "objective", each of several wanted metrics, and
/// each limited metric by its registry name; of those where less is worse the inverse, "1/success_rate".
/// Empty where nothing was scored.
std::map<std::string, double> metrics_of(const Experiment& experiment);

/// How it failed: which way memory ran out tells a strategy which other points will fail.
search::Failure failure_of(const Experiment& experiment);

}  // namespace autotuner::tuning
