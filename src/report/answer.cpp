#include "report/answer.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "metrics/registry.hpp"
#include "report/race.hpp"
#include "report/sentences.hpp"
#include "spec/client_parameters.hpp"

namespace autotuner::report {
namespace {

using tuning::Experiment;
using tuning::Run;

int gpus_of(const Experiment& experiment) {
  return experiment.metrics ? experiment.metrics->gpus : 0;
}

const metrics::Batch* batch_at(const Experiment& experiment, const metrics::OperatingPoint& point) {
  if (!experiment.metrics) return nullptr;
  for (const auto* batch : experiment.metrics->points()) {
    const bool same_rate = batch->request_rate == point.level.request_rate;
    const bool same_level =
        point.level.request_rate ? same_rate : batch->num_concurrency == point.level.concurrency;
    if (batch->scenario == point.scenario && same_rate && same_level) return batch;
  }
  return nullptr;
}

Shown shown_at(const Run& run, const Experiment& experiment, const metrics::Batch& batch) {
  Shown result;
  result.number = experiment.number;
  result.point = {batch.scenario, {batch.num_concurrency, batch.request_rate}};
  result.at = metrics::of_point(batch, gpus_of(experiment));
  result.metric = metrics::objective_metric(run.task.goal.objective, gpus_of(experiment) > 0);
  result.value = result.at.value(result.metric);
  result.slo = metrics::evaluate(run.task.goal.slo, batch);
  result.trust = batch.audit.trust;
  return result;
}

std::vector<metrics::OperatingPoint> points_to_show(const Run& run, const Experiment& experiment) {
  if (run.task.goal.at.kind == metrics::BasisKind::level) {
    std::vector<metrics::OperatingPoint> points;
    points.reserve(run.task.workload.scenarios.size());
    for (const auto& scenario : run.task.workload.scenarios) {
      points.push_back({scenario.text(), {run.task.goal.at.level, std::nullopt}});
    }
    return points;
  }
  return experiment.score.best_points.empty() ? experiment.metrics->best_points
                                              : experiment.score.best_points;
}

std::vector<Shown> all_shown(const Run& run, const Experiment& experiment) {
  std::vector<Shown> result;
  if (!experiment.metrics) return result;
  for (const auto& point : points_to_show(run, experiment)) {
    if (const auto* batch = batch_at(experiment, point)) result.push_back(shown_at(run, experiment, *batch));
  }
  return result;
}

/// The relative change against the baseline at the baseline's own shown point of that scenario, if both may
/// be compared: equal workload, window, error rate and validity.
void add_delta(const Run& run, Shown& shown_point) {
  const auto* baseline = tuning::find(run, 0);
  if (baseline == nullptr || shown_point.number == 0 || !shown_point.value) return;
  if (baseline->rank() >= 2) {
    shown_point.not_comparable = "the engine's defaults failed or break a hard limit";
    return;
  }
  for (const auto& base : all_shown(run, *baseline)) {
    if (base.point.scenario != shown_point.point.scenario || !base.value || *base.value == 0) continue;
    const auto& mine = *tuning::find(run, shown_point.number);
    const auto* mine_batch = batch_at(mine, shown_point.point);
    const auto* same_level = batch_at(*baseline, shown_point.point);
    const auto* base_batch = same_level != nullptr ? same_level : batch_at(*baseline, base.point);
    if (mine_batch == nullptr || base_batch == nullptr) return;
    if (const auto reason = metrics::why_not_comparable(*mine_batch, *base_batch)) {
      shown_point.not_comparable = *reason;
      return;
    }
    const double change = (*shown_point.value - *base.value) / std::abs(*base.value);
    shown_point.delta_baseline = metrics::is_maximised(run.task.goal.objective) ? change : -change;
    return;
  }
}

std::vector<Change> changes_from_baseline(const Run& run, const Experiment& experiment) {
  std::vector<Change> changes;
  const auto* baseline = tuning::find(run, 0);
  const space::Point none;
  const auto& base = baseline == nullptr ? none : baseline->flags;
  const auto runtime = run.task.runtime;
  for (const auto& [name, value] : experiment.flags) {
    const auto* before = base.find(name);
    const auto text = engine::readable_value(runtime, name, value);
    const auto otherwise = before != nullptr ? engine::readable_value(runtime, name, *before)
                                             : engine::readable_default(runtime, name);
    const bool known = !otherwise.empty();
    // What the engine would have chosen itself is no change.
    if (text != otherwise) changes.push_back({name, text, known ? otherwise : "the engine's default", known});
  }
  for (const auto& [name, value] : base) {
    if (!experiment.flags.contains(name))
      changes.push_back({name, "not set", engine::readable_value(runtime, name, value)});
  }
  for (const auto& [name, value] : experiment.environment_variables) {
    const bool same = baseline != nullptr && baseline->environment_variables.contains(name) &&
                      baseline->environment_variables.at(name) == value;
    if (!same) changes.push_back({"env." + name, value, "not set"});
  }
  for (const auto& [name, value] : experiment.parameters) {
    // How many requests are in flight is the operating point, which is told apart from what was changed.
    const bool same = baseline != nullptr && baseline->parameters.contains(name);
    if (spec::is_request_member(name) && !value.is_null() && !same)
      changes.push_back({name, space::to_text(value), "not set"});
  }
  return changes;
}

/// The winner among valid successes when only `objective` counts, limits ignored.
std::optional<Alternative> alternative(const Run& run, metrics::Objective objective) {
  std::optional<Alternative> best;
  std::optional<double> best_score;
  for (const auto& experiment : run.experiments) {
    if (!experiment.metrics || experiment.rank() == 3 || experiment.repeat_of || experiment.fidelity < 1)
      continue;
    for (const auto* batch : experiment.metrics->points()) {
      if (batch->audit.trust == metrics::Trust::invalid) continue;
      const auto at = metrics::of_point(*batch, gpus_of(experiment));
      const auto score = metrics::base_score(at, objective);
      const auto metric = metrics::objective_metric(objective, gpus_of(experiment) > 0);
      const auto value = at.value(metric);
      if (!score || !value || (best_score && *score >= *best_score)) continue;
      best_score = score;
      best = Alternative{objective,
                         experiment.number,
                         {batch->scenario, {batch->num_concurrency, batch->request_rate}},
                         metric,
                         *value};
    }
  }
  return best;
}

std::vector<FailureGroup> failure_groups(const Run& run) {
  std::vector<FailureGroup> groups;
  for (const auto& experiment : run.experiments) {
    if (!experiment.failure || experiment.failure->code == engine::FailureCode::cancelled ||
        experiment.same_as)
      continue;
    const std::string cls = engine::to_text(experiment.failure->cls);
    const std::string code = engine::to_text(experiment.failure->code);
    auto group =
        std::ranges::find_if(groups, [&](const FailureGroup& g) { return g.cls == cls && g.code == code; });
    if (group == groups.end()) {
      groups.push_back({cls, code, {}, experiment.failure->message, {}});
      group = groups.end() - 1;
    }
    group->experiments.push_back(experiment.number);
  }
  for (auto& group : groups) {
    const auto* first = tuning::find(run, group.experiments.front());
    for (const auto& [name, value] : first->parameters) {
      const auto has_it = [&, n = &name, v = &value](const Experiment& experiment) {
        const auto* other = experiment.parameters.find(*n);
        return other != nullptr && *other == *v;
      };
      const bool in_all = std::ranges::all_of(group.experiments,
                                              [&](int number) { return has_it(*tuning::find(run, number)); });
      const bool elsewhere = std::ranges::any_of(run.experiments, [&](const Experiment& experiment) {
        return std::ranges::count(group.experiments, experiment.number) == 0 && has_it(experiment);
      });
      if (in_all && !elsewhere)
        group.common.emplace_back(name, engine::readable_value(run.task.runtime, name, value));
    }
  }
  return groups;
}

void add_runner_up_gap(const Run& run, Answer& answer) {
  const bool measured = answer.runner_up && answer.runner_up->value && answer.best && answer.best->value;
  if (!measured || *answer.best->value == 0) return;
  const double gap = (*answer.best->value - *answer.runner_up->value) / std::abs(*answer.best->value);
  answer.runner_up_gap = metrics::is_maximised(run.task.goal.objective) ? gap : -gap;
}

State state_of(const Run& run, const metrics::Choice& choice) {
  const bool over = run.state != tuning::TaskState::running && run.state != tuning::TaskState::pending;
  const auto* best = choice.best ? tuning::find(run, *choice.best) : nullptr;
  if (best != nullptr) return !over ? State::running : best->rank() == 0 ? State::ok : State::slo_missed;
  if (choice.nearest_miss) return over ? State::slo_missed : State::running;
  if (!over) return run.experiments.empty() ? State::none : State::running;
  return State::failed;
}

}  // namespace

const char* to_text(State state) {
  switch (state) {
    case State::none:
      return "none";
    case State::running:
      return "running";
    case State::ok:
      return "ok";
    case State::slo_missed:
      return "slo_missed";
    case State::failed:
      return "failed";
  }
  return "none";
}

std::string name_of(int number) {
  return number == 0 ? "#0 (engine defaults)" : fmt::format("#{}", number);
}

std::optional<Shown> shown(const Run& run, const Experiment& experiment) {
  auto points = all_shown(run, experiment);
  if (points.empty()) return std::nullopt;
  auto first = std::move(points.front());
  add_delta(run, first);
  return first;
}

std::optional<double> value_at(const Run& run, const Experiment& experiment,
                               const metrics::OperatingPoint& point) {
  const auto* batch = batch_at(experiment, point);
  return batch == nullptr ? std::nullopt : shown_at(run, experiment, *batch).value;
}

Answer answer(const Run& run) {
  Answer result;
  result.choice = tuning::choose(run);
  result.state = state_of(run, result.choice);
  result.simulated = engine::runtime(run.task.runtime).simulated;
  result.failures = failure_groups(run);
  const auto number = result.choice.best ? result.choice.best : result.choice.nearest_miss;
  const auto* chosen = number ? tuning::find(run, *number) : nullptr;
  if (chosen != nullptr) {
    auto points = all_shown(run, *chosen);
    for (auto& point : points) add_delta(run, point);
    if (!points.empty()) {
      result.best = points.front();
      result.other_scenarios.assign(points.begin() + 1, points.end());
    }
    result.meets_limits = chosen->rank() == 0;
    result.changes = changes_from_baseline(run, *chosen);
  }
  if (const auto* baseline = tuning::find(run, 0)) result.baseline = shown(run, *baseline);
  if (result.choice.runner_up) result.runner_up = shown(run, *tuning::find(run, *result.choice.runner_up));
  result.race = tuning::race_of(run);
  use_race_values(run, result);
  add_runner_up_gap(run, result);
  for (const auto objective : {metrics::Objective::maximize_throughput, metrics::Objective::minimize_ttft,
                               metrics::Objective::minimize_tpot}) {
    if (auto found = alternative(run, objective)) result.alternatives.push_back(std::move(*found));
  }
  result.importance = importance(
      run, result.best ? result.best->metric : metrics::objective_metric(run.task.goal.objective, true));
  result.frontier = frontier_of(run);
  write_sentences(run, result);
  return result;
}

}  // namespace autotuner::report
