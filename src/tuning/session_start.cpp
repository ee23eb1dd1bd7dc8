#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tuning/earlier.hpp"
#include "tuning/expectation.hpp"
#include "tuning/outline.hpp"
#include "tuning/problem.hpp"
#include "tuning/session.hpp"

namespace autotuner::tuning {

base::Awaitable<base::Result<bool>> Session::restore(const spec::Task& task) {
  auto stored = co_await store_.find(task.name);
  if (!stored) {
    if (stored.error().kind == base::ErrorKind::not_found) co_return false;
    co_return tl::unexpected(stored.error());
  }
  const bool unfinished = stored->state == TaskState::running || stored->state == TaskState::cancelled;
  if (!options_.resume) {
    if (unfinished && !stored->experiments.empty()) {
      events_(Notice{
          false,
          fmt::format("an unfinished run of '{}' with {} experiments is stored; --resume goes on from it, "
                      "this starts a new one",
                      task.name, stored->experiments.size())});
    }
    co_return false;
  }
  if (resume_key(stored->task) != resume_key(task)) {
    co_return base::fail(
        base::ErrorKind::conflict,
        "the stored run of '{}' was made from another task document (only max_iterations, time limits, "
        "patience, repeat_best and race may differ); run without --resume to start a new one",
        task.name);
  }
  run_ = std::move(*stored);
  co_return true;
}

base::Awaitable<base::Result<void>> Session::prepare(spec::Task task) {
  const auto resumed = co_await restore(task);
  if (!resumed) co_return tl::unexpected(resumed.error());
  resumed_ = *resumed;
  if (!resumed_) {
    run_ = Run{};
    // 53 bits survive every JSON reader as a number.
    run_.seed = task.seed_given
                    ? task.search.seed
                    : (std::random_device{}() | (std::uint64_t{std::random_device{}() & 0x1fffffU} << 32));
    run_.created_at = run_.started_at = base::to_iso_text(clock_.system());
  }
  run_.task = std::move(task);
  run_.host = options_.host;
  run_.mode = options_.mode;
  run_.state = TaskState::running;
  run_.stop_reason.clear();
  run_.error_message.clear();
  time_.begin(run_.elapsed, run_.task.running.total_timeout);
  co_return make_agenda();
}

base::Result<void> Session::make_agenda() {
  const auto setting = setting_of(run_.task, options_.host_gpus);
  per_gpu_ = is_per_gpu(run_.task, setting, options_.mode);
  auto problem = problem_of(run_.task.goal);
  problem.knobs = knobs_of(run_.task);
  if (run_.premises) {
    problem.prior = expectation_of(run_.task, *run_.premises, per_gpu_);
    problem.prior = search::history_prior(run_.task.space, problem, past_trials(*run_.premises));
  }
  auto agenda = Agenda::make(run_, setting, problem, options_.baseline, clock_);
  if (!agenda) return tl::unexpected(agenda.error());
  agenda_ = std::move(*agenda);
  run_.planned = agenda_->planned();
  return {};
}

/// What earlier tasks tell of this one.
base::Awaitable<void> Session::look_back() {
  const auto runs = co_await store_.finished(run_.task.runtime, most_looked_at);
  if (!runs) {
    events_(Notice{true, "starts from nothing, earlier tasks can't be read: " + runs.error().message});
    co_return;
  }
  run_.premises->earlier = earlier_tasks(run_.task, *run_.premises, per_gpu_, *runs);
}

/// Once per run, after a download that may bring the model's config.
base::Awaitable<base::Result<void>> Session::gather_premises() {
  if (run_.premises) co_return base::Result<void>{};
  run_.premises = premises_of(co_await host_.model_config(engine_request(run_.task)), options_.gpu);
  const auto added = add_kernels(*run_.premises, run_.task, options_.kernels);
  if (!added && added.error().kind != base::ErrorKind::not_found)
    events_(Notice{true, "predicts without kernel tables: " + added.error().message});
  if (run_.premises->kernels)
    events_(Notice{false, "predicts with kernel tables: " + run_.premises->kernels->source});
  if (run_.task.running.warm_start) co_await look_back();
  // The first agenda knew nothing of model and GPU; it stood for the errors of a task before any download.
  co_return make_agenda();
}

/// What would fail every trial ends the task before the first one. A new run is stored as failed, with the
/// reason; a resumed one stays as it is stored, for another try.
base::Awaitable<base::Result<void>> Session::ready_host(std::stop_token finish) {
  const auto request = engine_request(run_.task);
  auto ready = co_await host_.check(request);
  if (ready) {
    ready = co_await host_.fetch(request, finish,
                                 [this](std::string detail) { events_(Preparing{std::move(detail)}); });
  }
  if (ready || resumed_) co_return ready;
  auto stored = co_await store_.open_run(run_);
  if (stored) {
    const bool stopped = ready.error().kind == base::ErrorKind::cancelled;
    run_.state = stopped ? TaskState::cancelled : TaskState::failed;
    run_.stop_reason = stopped ? "cancelled" : "error";
    run_.error_message = ready.error().message;
    run_.completed_at = base::to_iso_text(clock_.system());
    stored = co_await store_.finish(run_, "");
  }
  if (!stored) events_(Notice{true, "the failure could not be stored: " + stored.error().message});
  co_return ready;
}

base::Awaitable<base::Result<void>> Session::open() {
  auto opened = base::Result<void>{};
  if (resumed_) {
    opened = co_await store_.finish(run_, "");
  } else {
    opened = co_await store_.open_run(run_);
  }
  if (!opened) co_return tl::unexpected(opened.error());
  const auto& engine = engine::runtime(run_.task.runtime);
  events_(RunStarted{run_.task_id, run_.run, run_.planned, options_.baseline, resumed_,
                     std::string(engine.title), engine.simulated});
  if (auto words = starting_words(*run_.premises); !words.empty()) events_(Notice{false, std::move(words)});
  co_return base::Result<void>{};
}

}  // namespace autotuner::tuning
