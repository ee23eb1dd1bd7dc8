#include "tuning/earlier.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "search/history.hpp"
#include "tuning/expectation.hpp"
#include "tuning/outline.hpp"
#include "tuning/problem.hpp"

namespace autotuner::tuning {
namespace {

constexpr double most_apart = 2;

bool are_near(double a, double b) {
  return a == b || (a > 0 && b > 0 && std::max(a, b) <= most_apart * std::min(a, b));
}

std::optional<predict::ModelShape> shape_of(const spec::Task& task, const Premises& premises) {
  if (premises.model) return premises.model;
  return predict::shape_from_facts({{"model", task.model.id_or_path}});
}

bool same_model(const spec::Task& a, const spec::Task& b) {
  return a.model.id_or_path == b.model.id_or_path;
}

bool like_models(const Run& earlier, const spec::Task& task, const Premises& premises) {
  if (same_model(earlier.task, task)) return true;
  const auto a = shape_of(earlier.task, *earlier.premises);
  const auto b = shape_of(task, premises);
  return a && b && (a->experts > 0) == (b->experts > 0) && (a->latent > 0) == (b->latent > 0) &&
         are_near(a->parameters, b->parameters);
}

bool like_scenarios(const load::Scenario& a, const load::Scenario& b) {
  if (a == b) return true;
  if (a.kind() == load::ScenarioKind::dataset || b.kind() == load::ScenarioKind::dataset) return false;
  const auto first = a.longest();
  const auto second = b.longest();
  return first.input > 0 && are_near(first.input, second.input) && are_near(first.output, second.output);
}

bool covers(const std::vector<load::Scenario>& all, const std::vector<load::Scenario>& some) {
  return std::ranges::all_of(some, [&](const load::Scenario& wanted) {
    return std::ranges::any_of(all, [&](const load::Scenario& has) { return like_scenarios(has, wanted); });
  });
}

/// Users at once, or requests/s, from the lowest level to the highest; nothing without such levels.
std::optional<std::pair<double, double>> span_of(const std::vector<load::Level>& levels, bool open_loop) {
  std::optional<std::pair<double, double>> span;
  for (const auto& level : levels) {
    if (level.request_rate.has_value() != open_loop) continue;
    const double at = level.request_rate.value_or(level.concurrency);
    if (!span) span = std::pair(at, at);
    span = std::pair(std::min(span->first, at), std::max(span->second, at));
  }
  return span;
}

bool levels_overlap(const load::Workload& a, const load::Workload& b) {
  return std::ranges::any_of(std::array{false, true}, [&](bool open_loop) {
    const auto one = span_of(a.levels, open_loop);
    const auto other = span_of(b.levels, open_loop);
    return one && other && one->first <= other->second && other->first <= one->second;
  });
}

bool same_load(const load::Workload& a, const load::Workload& b) {
  return a.scenarios == b.scenarios && a.levels == b.levels;
}

/// Goodput counts the requests that keep the limits: under others it is another metric.
bool same_metric(const metrics::Goal& a, const metrics::Goal& b) {
  if (b.objective != metrics::Objective::maximize_goodput) return true;
  const auto first = metrics::request_limits(a.slo);
  const auto second = metrics::request_limits(b.slo);
  return first.ttft == second.ttft && first.tpot == second.tpot && first.e2e == second.e2e;
}

bool counts_per_gpu(const metrics::Goal& goal) {
  return goal.objective == metrics::Objective::maximize_throughput ||
         goal.objective == metrics::Objective::maximize_goodput || !goal.objectives.empty();
}

/// One earlier run as the task sees it.
class Reader {
 public:
  Reader(const Run& earlier, const spec::Task& task, bool per_gpu)
      : earlier_(earlier), task_(task), per_gpu_(per_gpu), problem_(problem_of(task.goal)) {
    problem_.knobs = knobs_of(task);
    auto there = earlier.task;
    there.goal = task.goal;
    expectation_ = expectation_of(there, *earlier.premises, per_gpu);
  }

  EarlierTask read() const {
    EarlierTask result;
    result.name = earlier_.task.name;
    result.model = earlier_.task.model.id_or_path;
    result.same_model = same_model(earlier_.task, task_);
    result.same_load = same_load(earlier_.task.workload, task_.workload);
    for (const auto& experiment : earlier_.experiments) {
      if (!is_search_row(experiment) || is_unfinished(experiment)) continue;
      if (auto trial = success(experiment)) result.trials.push_back(std::move(*trial));
      if (result.same_model) note_failure(experiment, result);
    }
    result.trials = search::telling_trials(task_.space, problem_, result.trials);
    for (auto& trial : result.trials) trial.point = without_what_is_the_same(std::move(trial.point));
    return result;
  }

 private:
  std::optional<search::PastTrial> success(const Experiment& experiment) const {
    if (!experiment.metrics || experiment.rank() >= static_cast<int>(search::TrialClass::failed))
      return std::nullopt;
    if (counts_per_gpu(task_.goal) && (experiment.metrics->gpus > 0) != per_gpu_) return std::nullopt;
    auto anew = experiment;
    anew.score = metrics::score(*experiment.metrics, task_.goal);
    search::PastTrial trial{earlier_.task.name, experiment.parameters, metrics_of(anew)};
    if (trial.metrics.empty()) return std::nullopt;
    if (const auto estimate = expectation_ ? expectation_(trial.point) : std::nullopt)
      trial.expected = estimate->metrics;
    return trial;
  }

  void note_failure(const Experiment& experiment, EarlierTask& result) const {
    const auto failure = failure_of(experiment);
    const bool at_start = failure == search::Failure::no_cache_room ||
                          failure == search::Failure::no_graph_room ||
                          failure == search::Failure::out_of_memory;
    const bool counts = at_start || (failure == search::Failure::out_of_memory_load && result.same_load);
    if (!counts || !is_point_of_space(experiment.parameters)) return;
    result.failures.push_back({experiment.parameters, failure, engine_version(experiment)});
  }

  /// Of a start that failed before the engine said its version, that of the run.
  std::string engine_version(const Experiment& experiment) const {
    if (!experiment.engine_version.empty()) return experiment.engine_version;
    const auto known = std::ranges::find_if(earlier_.experiments,
                                            [](const Experiment& e) { return !e.engine_version.empty(); });
    return known == earlier_.experiments.end() ? "" : known->engine_version;
  }

  bool is_point_of_space(const space::Point& point) const {
    if (point.size() != task_.space.parameters.size()) return false;
    return std::ranges::all_of(task_.space.parameters, [&](const space::Parameter& parameter) {
      const auto* value = point.find(parameter.name);
      const auto* choices = std::get_if<space::Choices>(&parameter.domain);
      if (value == nullptr || engine::is_secret_name(parameter.name)) return false;
      return choices == nullptr || std::ranges::find(choices->values, *value) != choices->values.end();
    });
  }

  /// What the task fixes to the same value says nothing; a secret must not be stored with this task.
  space::Point without_what_is_the_same(space::Point point) const {
    for (const auto& parameter : task_.space.parameters) {
      if (space::is_fixed(parameter)) point.erase(parameter.name);
    }
    space::Point kept;
    for (const auto& [name, value] : point) {
      if (!engine::is_secret_name(name)) kept.set(name, value);
    }
    return kept;
  }

  const Run& earlier_;
  const spec::Task& task_;
  bool per_gpu_;
  search::Problem problem_;
  std::function<std::optional<search::PriorEstimate>(const space::Point&)> expectation_;
};

/// Evenly spread, in order.
void keep_at_most(std::vector<search::PastTrial>& trials, std::size_t most) {
  if (trials.size() <= most) return;
  std::vector<search::PastTrial> kept;
  kept.reserve(most);
  for (std::size_t i = 0; i < most; ++i) kept.push_back(std::move(trials[i * trials.size() / most]));
  trials = std::move(kept);
}

std::string alike_words(const EarlierTask& earlier) {
  if (earlier.same_model) return earlier.same_load ? "same model and load" : "same model, other load";
  return fmt::format("model {}, {} load", earlier.model, earlier.same_load ? "same" : "other");
}

}  // namespace

bool is_alike(const Run& earlier, const spec::Task& task, const Premises& premises) {
  if (!earlier.premises || earlier.task.runtime != task.runtime) return false;
  return earlier.premises->gpu.name == premises.gpu.name && like_models(earlier, task, premises) &&
         same_metric(earlier.task.goal, task.goal) &&
         covers(earlier.task.workload.scenarios, task.workload.scenarios) &&
         levels_overlap(earlier.task.workload, task.workload);
}

std::vector<EarlierTask> earlier_tasks(const spec::Task& task, const Premises& premises, bool per_gpu,
                                       std::span<const Run> runs) {
  std::vector<EarlierTask> tasks;
  std::size_t left = most_earlier_trials;
  for (const auto& run : runs) {
    if (tasks.size() == most_earlier_tasks || left < search::fewest_past_trials) break;
    if (!is_alike(run, task, premises)) continue;
    auto earlier = Reader(run, task, per_gpu).read();
    if (earlier.trials.empty()) continue;
    keep_at_most(earlier.trials, left);
    if (run.premises->gpu != premises.gpu) earlier.failures.clear();  // as much memory, or nothing is known
    left -= earlier.trials.size();
    tasks.push_back(std::move(earlier));
  }
  return tasks;
}

std::vector<search::PastTrial> past_trials(const Premises& premises) {
  std::vector<search::PastTrial> trials;
  for (const auto& earlier : premises.earlier)
    trials.insert(trials.end(), earlier.trials.begin(), earlier.trials.end());
  return trials;
}

std::vector<search::Trial> known_failures(const Premises& premises, const std::string& engine_version) {
  std::vector<search::Trial> trials;
  for (const auto& earlier : premises.earlier) {
    for (const auto& known : earlier.failures) {
      if (engine_version.empty() || known.engine_version != engine_version) continue;
      search::Trial trial;
      trial.number = -1 - static_cast<int>(trials.size());
      trial.point = known.point;
      trial.finished = true;
      trial.failure = known.failure;
      trials.push_back(std::move(trial));
    }
  }
  return trials;
}

std::string starting_words(const Premises& premises) {
  if (premises.earlier.empty()) return "";
  std::vector<std::string> tasks;
  tasks.reserve(premises.earlier.size());
  for (const auto& earlier : premises.earlier)
    tasks.push_back(
        fmt::format("{} ({} trials, {})", earlier.name, earlier.trials.size(), alike_words(earlier)));
  return fmt::format("starts from {} earlier task{}{}: {}", tasks.size(), tasks.size() == 1 ? "" : "s",
                     premises.gpu.name.empty() ? "" : " on " + premises.gpu.name, base::join(tasks, ", "));
}

}  // namespace autotuner::tuning
