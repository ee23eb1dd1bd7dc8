#include "tuning/trial.hpp"

#include <mutex>

#include <fmt/format.h>

#include "engine/command_line.hpp"
#include "tuning/outline.hpp"

namespace autotuner::tuning {
namespace {

using std::chrono::duration;

double seconds_between(base::SteadyTime from, base::SteadyTime to) {
  return duration<double>(to - from).count();
}

base::SteadyTime after(base::SteadyTime start, duration<double> span) {
  return start + std::chrono::duration_cast<base::SteadyTime::duration>(span);
}

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

void fail(Experiment& experiment, engine::Failure failure) {
  experiment.status = ExperimentStatus::failed;
  experiment.stage = stage_of(failure.code);
  experiment.failure = std::move(failure);
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

/// The phases of one attempt, entered from the loop and from load threads.
class PhaseLog {
 public:
  explicit PhaseLog(const base::Clock& clock) : clock_(clock) {}

  void enter(const std::string& name) {
    const std::lock_guard lock(mutex_);
    close();
    // A detail that changes inside a phase (a progress line) is no new phase; levels are, one each.
    if (!phases_.empty() && phases_.back().name == name && name != "level") {
      entered_ -=
          std::chrono::duration_cast<base::SteadyTime::duration>(duration<double>(phases_.back().seconds));
      return;
    }
    phases_.push_back({name, base::to_iso_text(clock_.system()), 0, "", 0});
  }
  void describe(const std::string& scenario, int concurrency) {
    const std::lock_guard lock(mutex_);
    if (phases_.empty()) return;
    phases_.back().scenario = scenario;
    phases_.back().num_concurrency = concurrency;
  }
  std::vector<Phase> finish() {
    const std::lock_guard lock(mutex_);
    close();
    return phases_;
  }
  double seconds(const std::string& name) const {
    double sum = 0;
    for (const auto& phase : phases_) sum += phase.name == name ? phase.seconds : 0;
    return sum;
  }

 private:
  void close() {
    const auto now = clock_.steady();
    if (!phases_.empty()) phases_.back().seconds = seconds_between(entered_, now);
    entered_ = now;
  }

  const base::Clock& clock_;
  std::mutex mutex_;
  std::vector<Phase> phases_;
  base::SteadyTime entered_;
};

/// What an engine or its failure says may repeat the secrets it was started with.
void hide_secrets(Experiment& experiment) {
  const auto hide = [&](std::string& text) {
    text = engine::masked(std::move(text), experiment.flags, experiment.environment_variables);
  };
  hide(experiment.log_tail);
  if (experiment.failure) hide(experiment.failure->message);
  for (auto& text : experiment.warnings) hide(text);
}

}  // namespace

EngineRequest engine_request(const spec::Task& task) {
  EngineRequest request;
  request.runtime = task.runtime;
  request.model = task.model;
  request.served_name = task.workload.model_name;
  request.image_tag = task.runtime_image_tag;
  request.gpu_type = task.gpu_type;
  return request;
}

TrialRunner::TrialRunner(EngineHost& host, LoadRunner& load, const base::Clock& clock,
                         const EventSink& events)
    : host_(host), load_(load), clock_(clock), events_(events) {}

base::Awaitable<void> TrialRunner::run(Experiment& experiment, Context context, std::stop_token stop) {
  const auto start = clock_.steady();
  experiment.started_at = base::to_iso_text(clock_.system());
  const auto resolved = engine::resolve(experiment.parameters, context.setting);
  if (!resolved) {
    fail(experiment,
         {engine::FailureCode::invalid_point, engine::FailureClass::other, resolved.error().message, false});
  } else {
    experiment.flags = resolved->flags;
    experiment.environment_variables = resolved->environment;
    const bool on_cores = computes_on_cores(context.task, context.setting, context.options.mode);
    experiment.gpus = on_cores ? 0 : resolved->world_size;
    experiment.warnings = resolved->notes;
    co_await attempt(experiment, *resolved, context, stop);
    const bool again = experiment.failure && experiment.failure->transient && !stop.stop_requested();
    if (again) {
      experiment.warnings.push_back("first attempt failed: " + experiment.failure->message);
      ++experiment.attempt;
      experiment.failure.reset();
      experiment.metrics.reset();
      co_await attempt(experiment, *resolved, context, stop);
    }
  }
  hide_secrets(experiment);
  experiment.elapsed = seconds_between(start, clock_.steady());
  experiment.completed_at = base::to_iso_text(clock_.system());
  if (experiment.failure && experiment.rank() == 3) {
    const auto& failure = *experiment.failure;
    experiment.penalty =
        metrics::failure_penalty({experiment.elapsed, context.task.running.timeout_per_iteration.count(),
                                  engine::to_text(failure.code), engine::to_text(failure.cls)});
  }
}

base::Awaitable<void> TrialRunner::attempt(Experiment& experiment, const engine::Resolved& resolved,
                                           const Context& context, std::stop_token stop) {
  const auto start = clock_.steady();
  auto deadline = after(start, budget_of(context.task, resolved));
  if (context.run_deadline) deadline = std::min(deadline, *context.run_deadline);
  const auto ready_limit = context.task.running.ready_timeout;

  auto request = engine_request(context.task);
  request.resolved = resolved;
  request.service_name = engine::service_name(context.task.model.name_space, context.task.name,
                                              experiment.number, engine::NameProfile::local);
  request.log_path = context.options.log_folder.empty()
                         ? std::string()
                         : fmt::format("{}/task_{}_exp_{}.engine.log", context.options.log_folder,
                                       context.task_id, experiment.number);
  request.continues_log = experiment.attempt > 1;
  request.ready_by = ready_limit ? std::min(deadline, after(start, *ready_limit)) : deadline;
  request.longest_context = context.setting.longest_context;
  experiment.log_path = request.log_path;

  const int number = experiment.number;
  PhaseLog phases(clock_);
  auto enter = [this, number, &phases](const std::string& phase, const std::string& detail) {
    phases.enter(phase);
    events_(PhaseChanged{number, phase, detail});
  };
  enter("deploy", "");
  auto started = co_await host_.start(request, stop, enter);
  if (!started) {
    const auto& failed = started.error();
    experiment.command = engine::masked_command(failed.command);
    experiment.endpoint = failed.url;
    experiment.engine_version = failed.engine_version;
    experiment.memory_limit_gib = failed.memory_limit_gib;
    experiment.log_tail = failed.log_tail;
    fail(experiment, engine::Failure(failed));
  } else {
    auto& engine = **started;
    experiment.command = engine::masked_command(engine.command());
    experiment.endpoint = engine.url();
    experiment.engine_version = engine.facts().version;
    experiment.memory_limit_gib = engine.memory_limit_gib();

    const LoadWatcher watcher{.phase = enter,
                              .progress =
                                  [this, number](int finished, int planned, double rate, double seconds) {
                                    events_(LevelProgress{number, finished, planned, rate, seconds});
                                  },
                              .level_finished =
                                  [this, number, &phases](const metrics::Batch& batch) {
                                    phases.describe(batch.scenario, batch.num_concurrency);
                                    events_(LevelFinished{number, batch});
                                  }};
    co_await measure(experiment, engine, context, deadline, watcher, stop);

    experiment.log_tail = engine.log_tail(kept_log_lines);
    enter("teardown", "");
    const auto stopped = co_await engine.stop(duration<double>(stop.stop_requested() ? 5.0 : 10.0));
    if (!stopped) {
      experiment.warnings.push_back(stopped.error().message);
      events_(Notice{true, fmt::format("trial {}: {}", number, stopped.error().message)});
    }
  }
  experiment.phases = phases.finish();
  experiment.deploy_s = phases.seconds("deploy");
  experiment.ready_s = phases.seconds("ready");
}

base::Awaitable<void> TrialRunner::measure(Experiment& experiment, RunningEngine& engine,
                                           const Context& context, base::SteadyTime deadline,
                                           const LoadWatcher& watcher, std::stop_token stop) {
  experiment.status = ExperimentStatus::benchmarking;
  const auto& task = context.task;
  const auto start = clock_.steady();
  const int number = experiment.number;

  LoadRequest request;
  request.url = engine.url();
  request.served_id = engine.facts().served_id;
  if (const auto* key = experiment.flags.find("api-key"); key != nullptr)
    request.api_key = key->as_text().value_or("");
  request.workload = task.workload;
  request.runtime = task.runtime;
  request.slo = task.goal.slo;
  request.deadline = deadline;
  request.prompt_stream = static_cast<std::uint64_t>(number);
  request.task_name = task.name;
  request.experiment = number;
  if (!context.options.results_folder.empty()) {
    request.result_folder = fmt::format("{}/{}-exp{}", context.options.results_folder,
                                        engine::sanitize_name(task.name, engine::NameProfile::local), number);
  }

  const auto result = co_await load_.run(request, &engine, stop, watcher);
  experiment.benchmark_s = seconds_between(start, clock_.steady());

  if (stop.stop_requested()) {
    fail(experiment,
         {engine::FailureCode::cancelled, engine::FailureClass::cancelled, "Cancelled by user", false});
    co_return;
  }
  if (result.batches.empty()) {
    auto failure = result.failure.value_or(engine::Failure{
        engine::FailureCode::benchmark_failed, engine::FailureClass::other, "no level was measured", false});
    // The engine's own death explains a failed load better than the broken connections it caused.
    if (const auto death = engine.death()) {
      failure = *death;
      failure.code = engine::FailureCode::benchmark_failed;
    }
    fail(experiment, std::move(failure));
    co_return;
  }
  auto metrics =
      metrics::aggregate(result.batches, result.failed, task.goal.slo, context.per_gpu ? experiment.gpus : 0);
  metrics.partial = result.partial;
  metrics.client_warning = result.client_warning;
  metrics.elapsed_time = experiment.benchmark_s;
  metrics.benchmark_name = fmt::format("{}-exp{}", task.name, number);
  metrics.simulated = task.runtime == engine::RuntimeId::sim;
  experiment.metrics = std::move(metrics);
  conclude(experiment, task.goal);
}

}  // namespace autotuner::tuning
