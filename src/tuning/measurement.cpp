#include "tuning/measurement.hpp"

#include <fmt/format.h>

#include "engine/command_line.hpp"
#include "spec/client_parameters.hpp"
#include "tuning/short_look.hpp"

namespace autotuner::tuning {
namespace {

/// Set in the prompt stream of a short look; trials have smaller numbers.
constexpr std::uint64_t look_stream = std::uint64_t{1} << 32;

int stage_of(engine::FailureCode code) {
  switch (code) {
    case engine::FailureCode::invalid_point:
    case engine::FailureCode::deploy_failed:
    case engine::FailureCode::cancelled:
    case engine::FailureCode::worker_lost:
    case engine::FailureCode::internal:
      return 0;
    case engine::FailureCode::not_ready:
      return 1;
    case engine::FailureCode::no_endpoint:
    case engine::FailureCode::benchmark_create_failed:
    case engine::FailureCode::benchmark_timeout:
    case engine::FailureCode::benchmark_failed:
    case engine::FailureCode::slo_hard_violation:
      return 2;
  }
  return 0;
}

/// The verdict over what was measured: success, a hard violation, or nothing that can be scored.
void conclude(Experiment& experiment, const metrics::Goal& goal) {
  experiment.score = metrics::score(*experiment.metrics, goal);
  experiment.metrics->best_points = experiment.score.best_points;
  if (experiment.score.slo.verdict == metrics::SloVerdict::violated) {
    std::string broken;
    for (const auto& check : experiment.score.slo.checks) {
      if (!check.hard_violated()) continue;
      broken +=
          fmt::format("{}{} {} is beyond the hard limit {}", broken.empty() ? "" : "; ", check.limit.metric(),
                      check.actual, check.limit.threshold * (1 + check.limit.fail_ratio));
    }
    fail(experiment, {engine::FailureCode::slo_hard_violation, engine::FailureClass::slo, broken, false});
    experiment.score.score.reset();
    return;
  }
  if (!experiment.score.value) {
    fail(experiment,
         {engine::FailureCode::benchmark_failed, engine::FailureClass::other,
          fmt::format("the load was sent, but {} could not be measured", experiment.score.metric), false});
    return;
  }
  experiment.status = ExperimentStatus::success;
}

}  // namespace

void fail(Experiment& experiment, engine::Failure failure) {
  experiment.status = ExperimentStatus::failed;
  experiment.stage = stage_of(failure.code);
  experiment.failure = std::move(failure);
}

Measurement::Measurement(LoadRunner& load, const base::Clock& clock, const TrialContext& context,
                         RunningEngine& engine, const LoadWatcher& watcher)
    : load_(load), clock_(clock), context_(context), engine_(engine), watcher_(watcher) {}

LoadRequest Measurement::request_for(const Experiment& experiment, base::SteadyTime deadline) const {
  const auto& task = context_.run.task;
  LoadRequest request;
  request.url = engine_.url();
  request.served_id = engine_.facts().served_id;
  if (const auto* key = experiment.flags.find("api-key"); key != nullptr)
    request.api_key = key->as_text().value_or("");
  request.workload = spec::workload_of(task.workload, experiment.parameters);
  request.runtime = task.runtime;
  request.slo = task.goal.slo;
  request.deadline = deadline;
  request.prompt_stream = static_cast<std::uint64_t>(experiment.number);
  request.task_name = task.name;
  request.experiment = experiment.number;
  if (!context_.options.results_folder.empty()) {
    request.result_folder =
        fmt::format("{}/{}-exp{}", context_.options.results_folder,
                    engine::sanitize_name(task.name, engine::NameProfile::local), experiment.number);
  }
  return request;
}

base::Awaitable<void> Measurement::run(Experiment& experiment, base::SteadyTime deadline,
                                       std::stop_token stop) {
  experiment.status = ExperimentStatus::benchmarking;
  const auto start = clock_.steady();
  const auto request = request_for(experiment, deadline);
  bool goes_on = true;
  if (takes_short_look(context_.run, experiment)) goes_on = co_await look(experiment, request, stop);
  if (goes_on) goes_on = co_await send(experiment, request, watcher_, stop);
  experiment.benchmark_s = std::chrono::duration<double>(clock_.steady() - start).count();
  if (!experiment.metrics) co_return;
  experiment.metrics->elapsed_time = experiment.benchmark_s;
  conclude(experiment, context_.run.task.goal);
}

/// True when the whole load is still to be sent.
base::Awaitable<bool> Measurement::look(Experiment& experiment, LoadRequest request, std::stop_token stop) {
  const auto& task = context_.run.task;
  const double share = *task.running.short_look;
  request.workload = load::shortened(request.workload, share);
  // The engine may remember prompts: the whole load has to be new to it.
  request.prompt_stream |= look_stream;
  request.result_folder.clear();
  LoadWatcher looking;
  looking.phase = [this](const std::string& phase, const std::string& detail) {
    watcher_.phase("look", phase == "level" ? detail : phase);
  };
  looking.progress = watcher_.progress;
  looking.level_finished = [](const metrics::Batch&) {};
  if (!co_await send(experiment, std::move(request), looking, stop)) co_return false;
  experiment.score = metrics::score(*experiment.metrics, task.goal);
  if (auto reason = why_cut_short(context_.run, experiment)) {
    experiment.fidelity = share;
    experiment.cut_short = std::move(*reason);
    experiment.metrics->partial = true;
    co_return false;
  }
  experiment.look = figures_of(experiment.score);
  experiment.score = {};
  experiment.metrics.reset();
  co_return true;
}

/// Sends a load; the record then holds its metrics, or why there are none. False = there are none.
base::Awaitable<bool> Measurement::send(Experiment& experiment, LoadRequest request,
                                        const LoadWatcher& watcher, std::stop_token stop) {
  const auto& task = context_.run.task;
  const auto result = co_await load_.run(std::move(request), &engine_, stop, watcher);
  if (stop.stop_requested()) {
    fail(experiment,
         {engine::FailureCode::cancelled, engine::FailureClass::cancelled, "Cancelled by user", false});
    co_return false;
  }
  if (result.batches.empty()) {
    auto failure = result.failure.value_or(engine::Failure{
        engine::FailureCode::benchmark_failed, engine::FailureClass::other, "no level was measured", false});
    // The engine's own death explains a failed load better than the broken connections it caused.
    if (const auto death = engine_.death()) {
      failure = *death;
      failure.code = engine::FailureCode::benchmark_failed;
    }
    fail(experiment, std::move(failure));
    co_return false;
  }
  auto metrics = metrics::aggregate(result.batches, result.failed, task.goal.slo,
                                    context_.per_gpu ? experiment.gpus : 0);
  metrics.partial = result.partial;
  metrics.client_warning = result.client_warning;
  metrics.benchmark_name = fmt::format("{}-exp{}", task.name, experiment.number);
  metrics.simulated = task.runtime == engine::RuntimeId::sim;
  experiment.metrics = std::move(metrics);
  co_return true;
}

}  // namespace autotuner::tuning
