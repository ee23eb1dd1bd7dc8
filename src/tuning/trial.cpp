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

/// Broken limits are an answer; a failure on an engine that had served another trial may be of its making.
bool deserves_another_attempt(const Experiment& experiment) {
  if (!experiment.failure || experiment.failure->cls == engine::FailureClass::slo) return false;
  return experiment.failure->transient || experiment.engine_of;
}

/// Whether the engine is as good as new to a next trial.
bool may_serve_again(const RunningEngine& engine, const Experiment& experiment) {
  return !engine.death() && (!experiment.failure || experiment.failure->cls == engine::FailureClass::slo);
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
    const bool on_cores = computes_on_cores(context.run.task, context.setting, context.options.mode);
    experiment.gpus = on_cores ? 0 : resolved->world_size;
    experiment.warnings = resolved->notes;
    co_await attempt(experiment, *resolved, context, stop);
    if (deserves_another_attempt(experiment) && !stop.stop_requested()) {
      experiment.warnings.push_back("first attempt failed: " + experiment.failure->message);
      ++experiment.attempt;
      experiment.engine_of.reset();
      experiment.failure.reset();
      experiment.metrics.reset();
      experiment.look.clear();
      co_await attempt(experiment, *resolved, context, stop);
    }
  }
  hide_secrets(experiment);
  experiment.elapsed = seconds_between(start, clock_.steady());
  experiment.completed_at = base::to_iso_text(clock_.system());
  if (experiment.failure && experiment.rank() == 3) {
    const auto& failure = *experiment.failure;
    experiment.penalty =
        metrics::failure_penalty({experiment.elapsed, context.run.task.running.timeout_per_iteration.count(),
                                  engine::to_text(failure.code), engine::to_text(failure.cls)});
  }
}

base::Awaitable<base::Result<void>> TrialRunner::vacate(std::stop_token stop) {
  auto engine = std::move(seat_.engine);
  seat_ = {};
  if (!engine) co_return base::Result<void>{};
  co_return co_await engine->stop(duration<double>(stop.stop_requested() ? 5.0 : 10.0));
}

base::Awaitable<void> TrialRunner::release(std::stop_token stop) {
  const int number = seat_.started_by;
  if (const auto stopped = co_await vacate(stop); !stopped)
    events_(Notice{true, fmt::format("the engine of trial {}: {}", number, stopped.error().message)});
}

void TrialRunner::note_left_over(Experiment& experiment, const base::Result<void>& stopped) {
  if (stopped) return;
  experiment.warnings.push_back(stopped.error().message);
  events_(Notice{true, fmt::format("trial {}: {}", experiment.number, stopped.error().message)});
}

/// An engine with the flags of the request, running or started now. False = there is none; the record says
/// why.
base::Awaitable<bool> TrialRunner::take_seat(Experiment& experiment, EngineRequest request,
                                             std::stop_token stop, const Enter& enter) {
  const auto flags = engine::identity(request.resolved);
  if (seat_.engine) {
    enter("reuse", fmt::format("of the engine of trial {}", seat_.started_by));
    experiment.engine_of = seat_.started_by;
  } else {
    enter("deploy", "");
    auto log_path = request.log_path;
    auto started = co_await host_.start(std::move(request), stop, enter);
    if (!started) {
      const auto& failed = started.error();
      experiment.command = engine::masked_command(failed.command);
      experiment.endpoint = failed.url;
      experiment.engine_version = failed.engine_version;
      experiment.memory_limit_gib = failed.memory_limit_gib;
      experiment.log_tail = failed.log_tail;
      experiment.log_path = std::move(log_path);
      fail(experiment, engine::Failure(failed));
      co_return false;
    }
    seat_ = {std::move(*started), flags, experiment.number, std::move(log_path)};
  }
  const auto& engine = *seat_.engine;
  experiment.command = engine::masked_command(engine.command());
  experiment.endpoint = engine.url();
  experiment.engine_version = engine.facts().version;
  experiment.memory_limit_gib = engine.memory_limit_gib();
  experiment.log_path = seat_.log_path;
  co_return true;
}

base::Awaitable<void> TrialRunner::attempt(Experiment& experiment, const engine::Resolved& resolved,
                                           const Context& context, std::stop_token stop) {
  const int number = experiment.number;
  PhaseLog phases(clock_);
  const Enter enter = [this, number, &phases](const std::string& phase, const std::string& detail) {
    phases.enter(phase);
    events_(PhaseChanged{number, phase, detail});
  };
  if (seat_.engine && (seat_.flags != engine::identity(resolved) || seat_.engine->death())) {
    enter("teardown", fmt::format("of the engine of trial {}", seat_.started_by));
    note_left_over(experiment, co_await vacate(stop));
  }

  const auto start = clock_.steady();
  auto deadline = after(start, budget_of(context.run.task, resolved));
  if (context.run_deadline) deadline = std::min(deadline, *context.run_deadline);
  const auto ready_limit = context.run.task.running.ready_timeout;

  auto request = engine_request(context.run.task);
  request.resolved = resolved;
  request.service_name = engine::service_name(context.run.task.model.name_space, context.run.task.name,
                                              experiment.number, engine::NameProfile::local);
  request.log_path = context.options.log_folder.empty()
                         ? std::string()
                         : fmt::format("{}/task_{}_exp_{}.engine.log", context.options.log_folder,
                                       context.run.task_id, experiment.number);
  request.continues_log = experiment.attempt > 1;
  request.ready_by = ready_limit ? std::min(deadline, after(start, *ready_limit)) : deadline;
  request.longest_context = context.setting.longest_context;

  if (co_await take_seat(experiment, std::move(request), stop, enter)) {
    auto& engine = *seat_.engine;
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
    co_await Measurement(load_, clock_, context, engine, watcher).run(experiment, deadline, stop);

    experiment.log_tail = engine.log_tail(kept_log_lines);
    if (!context.keeps_engine || stop.stop_requested() || !may_serve_again(engine, experiment)) {
      enter("teardown", "");
      note_left_over(experiment, co_await vacate(stop));
    }
  }
  experiment.phases = phases.finish();
  experiment.deploy_s = phases.seconds("deploy");
  experiment.ready_s = phases.seconds("ready");
}

}  // namespace autotuner::tuning
