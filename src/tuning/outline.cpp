#include "tuning/outline.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "engine/command_line.hpp"
#include "metrics/choice.hpp"
#include "tuning/problem.hpp"

namespace autotuner::tuning {

engine::Setting setting_of(const spec::Task& task, int host_gpus) {
  engine::Setting setting;
  setting.runtime = task.runtime;
  setting.model = task.model.id_or_path;
  setting.model_quantization = task.model.quantization;
  setting.host_gpus = host_gpus;
  // Simulated GPUs are never asked of the host; on a host without GPUs other modes may still have them.
  if (task.runtime != engine::RuntimeId::sim && host_gpus > 0) setting.gpu_limit = host_gpus;
  setting.longest_context = load::longest_context(task.workload);
  return setting;
}

std::chrono::duration<double> budget_of(const spec::Task& task, const engine::Resolved& resolved) {
  auto budget = task.running.timeout_per_iteration;
  const auto* compiles = resolved.flags.find("enable-torch-compile");
  if (compiles != nullptr && compiles->as_bool().value_or(false)) {
    budget = std::max(budget, std::chrono::duration<double>(resolved.world_size > 1 ? 1200.0 : 900.0));
  }
  return budget;
}

bool computes_on_cores(const spec::Task& task, const engine::Setting& setting, spec::DeploymentMode mode) {
  return mode == spec::DeploymentMode::local && setting.host_gpus == 0 &&
         task.runtime != engine::RuntimeId::sim;
}

bool is_per_gpu(const spec::Task& task, const engine::Setting& setting, spec::DeploymentMode mode) {
  if (computes_on_cores(task, setting, mode)) return false;
  if (task.runtime != engine::RuntimeId::llamacpp) return true;
  if (setting.host_gpus == 0) return false;
  const auto candidates = space::enumerate(task.space, engine::point_rules(setting), space::Dedupe::resolved,
                                           space::GridOrder::lexicographic, 0);
  // An infinite space: the engine's default offloads to the GPU, and only n-gpu-layers 0 takes it away.
  if (!candidates) return true;
  return std::ranges::all_of(candidates->items, [&](const space::Candidate& candidate) {
    const auto resolved = engine::resolve(candidate.point, setting);
    return resolved && resolved->world_size > 0;
  });
}

search::Trial trial_of(const Experiment& experiment) {
  search::Trial trial;
  trial.number = experiment.number;
  trial.point = experiment.parameters;
  trial.finished = experiment.terminal() && !is_unfinished(experiment);
  trial.rank = static_cast<search::TrialClass>(experiment.rank());
  trial.score = experiment.score.score;
  trial.penalty = experiment.penalty;
  trial.stage = experiment.stage;
  trial.metrics = metrics_of(experiment);
  trial.failure = failure_of(experiment);
  trial.start_seconds = experiment.deploy_s + experiment.ready_s;
  trial.bench_seconds = experiment.benchmark_s;
  trial.fidelity = experiment.fidelity;
  return trial;
}

bool is_search_row(const Experiment& experiment) {
  return experiment.number > 0 && !experiment.repeat_of;
}

bool is_unfinished(const Experiment& experiment) {
  if (!experiment.terminal()) return true;
  return experiment.failure && experiment.failure->code == engine::FailureCode::cancelled;
}

bool is_out_of_patience(const Run& run) {
  if (!run.task.running.patience) return false;
  const auto patience = static_cast<std::size_t>(*run.task.running.patience);
  const double needed = run.task.running.min_improvement.value_or(0.0);
  std::vector<const Experiment*> finished;
  for (const auto& experiment : run.experiments) {
    if (is_search_row(experiment) && !is_unfinished(experiment)) finished.push_back(&experiment);
  }
  std::optional<search::Trial> best;
  std::size_t since = 0;
  for (const auto* experiment : finished) {
    const auto trial = trial_of(*experiment);
    const bool comparable = best && best->rank == trial.rank && best->score && trial.score;
    const bool enough = !comparable || *best->score - *trial.score >= needed * std::abs(*best->score);
    if (trial.fidelity >= 1 && (!best || (search::better(trial, *best) && enough))) {
      best = trial;
      since = 0;
    } else {
      ++since;
    }
  }
  return best && since >= patience;
}

std::vector<int> due_repeats(const Run& run) {
  if (!run.task.running.repeat_best) return {};
  const auto [points, times] = *run.task.running.repeat_best;
  // The candidates are fixed by the search rows alone: repeats already made must not change who is repeated.
  std::vector<search::Trial> trials;
  for (const auto& experiment : run.experiments) {
    const bool measured = is_search_row(experiment) && experiment.status == ExperimentStatus::success;
    if (measured && !experiment.same_as && experiment.fidelity >= 1) trials.push_back(trial_of(experiment));
  }
  std::ranges::stable_sort(trials, search::better);
  if (trials.size() > static_cast<std::size_t>(points)) trials.resize(static_cast<std::size_t>(points));
  std::vector<int> due;
  // Round by round, so that drift of the machine hits all candidates alike.
  for (int round = 1; round <= times; ++round) {
    for (const auto& trial : trials) {
      const auto made = std::ranges::count_if(run.experiments, [&](const Experiment& experiment) {
        return experiment.repeat_of == trial.number && !is_unfinished(experiment);
      });
      if (made < round) due.push_back(trial.number);
    }
  }
  return due;
}

std::string checkpoint_of(const Run& run, const search::Strategy& strategy, const std::string& timestamp,
                          bool lists) {
  const auto choice = choose(run);
  const auto* best = choice.best ? find(run, *choice.best) : nullptr;
  base::Json checkpoint;
  checkpoint["iteration"] = std::ranges::count_if(run.experiments, is_search_row);
  checkpoint["best_score"] = base::number_or_null(best == nullptr ? std::nullopt : best->score.score);
  checkpoint["best_experiment_id"] = best == nullptr ? base::Json(nullptr) : base::Json(best->number);
  checkpoint["strategy_state"] = strategy.state(lists);
  checkpoint["timestamp"] = timestamp;
  return base::to_compact_text(checkpoint);
}

search::Options search_options(const spec::Task& task, std::uint64_t seed) {
  auto options = task.search;
  options.seed = seed;
  options.objective = metrics::to_text(task.goal.objective);
  return options;
}

std::string resume_key(const spec::Task& task) {
  const auto parsed = base::parse_json(task.document);
  if (!parsed) return task.document;
  auto document = *parsed;
  if (document.contains("optimization") && document["optimization"].is_object()) {
    for (const auto* member : {"max_iterations", "total_timeout", "timeout_per_iteration", "patience",
                               "stop_when_converged", "repeat_best", "race", "warm_start"}) {
      document["optimization"].erase(member);
    }
  }
  document.erase("description");
  // A store keeps the members of a document, not their order; below them order counts.
  std::map<std::string, std::string> members;
  for (const auto& [name, value] : document.items()) members[name] = base::to_compact_text(value);
  return base::to_compact_text(base::Json(members));
}

}  // namespace autotuner::tuning
