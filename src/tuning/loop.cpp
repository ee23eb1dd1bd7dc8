#include "tuning/loop.hpp"

#include <algorithm>
#include <random>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tuning/agenda.hpp"
#include "tuning/earlier.hpp"
#include "tuning/expectation.hpp"
#include "tuning/outline.hpp"
#include "tuning/problem.hpp"
#include "tuning/race.hpp"
#include "tuning/trial.hpp"

namespace autotuner::tuning {
namespace {

using std::chrono::duration;

/// One run in progress. All members are touched by the loop's executor alone.
class Session {
 public:
  Session(TaskStore& store, EngineHost& host, LoadRunner& load, const base::Clock& clock,
          const EventSink& events, LoopOptions options)
      : store_(store),
        host_(host),
        load_(load),
        clock_(clock),
        events_(events),
        options_(std::move(options)) {}

  base::Awaitable<base::Result<void>> prepare(spec::Task task);
  base::Awaitable<base::Result<void>> ready_host(std::stop_token finish);
  base::Awaitable<base::Result<void>> gather_premises();
  base::Awaitable<base::Result<void>> open();
  base::Awaitable<void> conduct(std::stop_token finish);
  base::Awaitable<base::Result<Run>> conclude();

 private:
  base::Awaitable<base::Result<bool>> restore(const spec::Task& task);
  base::Result<void> make_agenda();
  base::Awaitable<void> look_back();
  base::Awaitable<void> work(std::stop_token finish);
  base::Awaitable<void> work_in_parallel(int workers, std::stop_token finish);
  base::Awaitable<void> repeat_best(std::stop_token finish);
  base::Awaitable<void> race(std::stop_token finish);
  base::Awaitable<void> measure(TrialRunner& trials, Experiment experiment, bool keeps_engine,
                                std::stop_token finish);
  base::Awaitable<void> save(const Experiment& experiment);
  std::optional<Experiment> next();
  std::string checkpoint_now(bool lists) const;
  void put(const Experiment& experiment);
  void put_away(Experiment& experiment);
  base::Awaitable<void> take_back();
  void halt_on_unknown_flag(const Experiment& experiment);
  void announce(const Experiment& experiment);
  bool has_time_left(double reserve_s = 0) const;
  bool has_time_to_race();
  std::optional<base::SteadyTime> run_deadline() const;

  TaskStore& store_;
  EngineHost& host_;
  LoadRunner& load_;
  const base::Clock& clock_;
  const EventSink& events_;
  LoopOptions options_;
  bool resumed_ = false;
  Run run_;
  std::unique_ptr<Agenda> agenda_;
  bool per_gpu_ = true;
  bool halted_ = false;  ///< a store that fails, or a flag the engine does not know: nothing new begins
  base::SteadyTime started_;
  double earlier_elapsed_ = 0;
};

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
  started_ = clock_.steady();
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
  earlier_elapsed_ = run_.elapsed;
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

std::optional<Experiment> Session::next() {
  if (halted_) return std::nullopt;
  if (!has_time_left(race_reserve(run_, options_.baseline))) {
    run_.stop_reason = "total_timeout";
    return std::nullopt;
  }
  auto experiment = agenda_->next();
  if (!experiment && run_.stop_reason.empty()) {
    run_.stop_reason = agenda_->stop_reason();
    if (!agenda_->stop_words().empty())
      events_(Notice{false, "Stopping the search: " + agenda_->stop_words()});
  }
  return experiment;
}

void Session::put(const Experiment& experiment) {
  const auto place = std::ranges::lower_bound(run_.experiments, experiment.number, {}, &Experiment::number);
  if (place != run_.experiments.end() && place->number == experiment.number) {
    *place = experiment;
  } else {
    run_.experiments.insert(place, experiment);
  }
  agenda_->record(experiment);
}

std::string Session::checkpoint_now(bool lists) const {
  return checkpoint_of(run_, agenda_->strategy(), base::to_iso_text(clock_.system()), lists);
}

base::Awaitable<void> Session::save(const Experiment& experiment) {
  put(experiment);
  run_.elapsed = earlier_elapsed_ + duration<double>(clock_.steady() - started_).count();
  // A run resumes from its experiments, which stand in the same store: the lists of the state are for other
  // readers and are written once, at the end. Each of a thousand trials writing them costs 80 ms more.
  auto checkpoint = experiment.terminal() ? checkpoint_now(false) : std::string();
  const auto stored = co_await store_.save(run_, experiment, std::move(checkpoint));
  if (!stored) {
    halted_ = true;
    run_.stop_reason = "error";
    run_.error_message =
        "the result could not be stored, so nothing new is started: " + stored.error().message;
    events_(Notice{true, run_.error_message});
  } else if (experiment.terminal()) {
    put_away(*std::ranges::find(run_.experiments, experiment.number, &Experiment::number));
  }
}

void Session::put_away(Experiment& experiment) {
  // A point that starts the engine as its defaults do takes the whole record of the baseline, and short looks
  // are held against the levels of earlier experiments.
  if (experiment.number == 0 || run_.task.running.short_look) return;
  put_away_details(experiment);
}

/// The run is handed out whole.
base::Awaitable<void> Session::take_back() {
  if (std::ranges::none_of(run_.experiments, &Experiment::is_put_away)) co_return;
  auto stored = co_await store_.find(run_.task.name);
  if (!stored) {
    events_(Notice{true, "the details of the trials can't be read back: " + stored.error().message});
    co_return;
  }
  for (auto& experiment : stored->experiments) {
    const auto mine = std::ranges::find(run_.experiments, experiment.number, &Experiment::number);
    if (mine != run_.experiments.end() && mine->is_put_away) take_back_details(*mine, std::move(experiment));
  }
}

/// The first search row dies of a flag that the engine does not know: so would every other.
void Session::halt_on_unknown_flag(const Experiment& experiment) {
  const bool first = experiment.number == 1 || experiment.number == 0;
  if (!first || !experiment.failure || experiment.failure->cls != engine::FailureClass::bad_flag) return;
  halted_ = true;
  run_.stop_reason = "unknown_flag";
  run_.error_message = experiment.failure->message;
  events_(Notice{true,
                 "the engine refuses a flag that every point has; stopping: " + experiment.failure->message});
}

void Session::announce(const Experiment& experiment) {
  const auto choice = choose(run_);
  std::optional<double> value;
  std::string metric;
  if (choice.best) {
    const auto* best = find(run_, *choice.best);
    value = best->score.value;
    metric = best->score.metric;
  }
  events_(ExperimentFinished{experiment, choice.best, value, metric});
}

/// Whether two points of the search may differ in nothing that an engine is started with.
bool has_client_choices(const space::Space& space) {
  return std::ranges::any_of(space.parameters, [](const space::Parameter& parameter) {
    return engine::is_client_side(parameter.name) && !space::is_fixed(parameter);
  });
}

base::Awaitable<void> Session::measure(TrialRunner& trials, Experiment experiment, bool keeps_engine,
                                       std::stop_token finish) {
  events_(ExperimentStarted{experiment.number, experiment.attempt, experiment.parameters, experiment.reason,
                            experiment.phase_of_search});
  if (!agenda_->copies_baseline(experiment)) {
    co_await save(experiment);  // what is under way is known to a run that resumes
    if (halted_) co_return;
    const TrialRunner::Context context{run_,     agenda_->setting(), options_,
                                       per_gpu_, keeps_engine,       run_deadline()};
    co_await trials.run(experiment, context, finish);
  }
  co_await save(experiment);
  halt_on_unknown_flag(experiment);
  announce(experiment);
}

base::Awaitable<void> Session::work(std::stop_token finish) {
  TrialRunner trials(host_, load_, clock_, events_);
  const bool keeps_engine = has_client_choices(run_.task.space);
  while (!finish.stop_requested()) {
    auto experiment = next();
    if (!experiment) break;
    co_await measure(trials, std::move(*experiment), keeps_engine, finish);
  }
  co_await trials.release(finish);
}

base::Awaitable<void> Session::work_in_parallel(int workers, std::stop_token finish) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (workers <= 1) {
    co_await work(finish);
  } else {
    co_await (work(finish) && work_in_parallel(workers - 1, finish));
  }
}

base::Awaitable<void> Session::repeat_best(std::stop_token finish) {
  TrialRunner trials(host_, load_, clock_, events_);
  while (!finish.stop_requested() && !halted_ && has_time_left()) {
    auto experiment = agenda_->next_repeat();
    if (!experiment) break;
    co_await measure(trials, std::move(*experiment), false, finish);
  }
}

/// A race that the time limit would cut off before it can say something is not begun, nor is a round of it.
bool Session::has_time_to_race() {
  const auto race = race_of(run_);
  if (!race || race->result.over) return true;
  const double needed = seconds_to_next_look(run_, *race);
  if (has_time_left(needed)) return true;
  const auto deadline = run_deadline();
  const double left = deadline ? duration<double>(*deadline - clock_.steady()).count() : 0;
  events_(Notice{false, fmt::format("no {} race: it needs {} to tell the entrants apart, {} are left",
                                    race->result.rounds == 0 ? "final" : "more rounds of the",
                                    base::to_duration_text(duration<double>(needed)),
                                    base::to_duration_text(duration<double>(std::max(0.0, left))))});
  return false;
}

base::Awaitable<void> Session::race(std::stop_token finish) {
  TrialRunner trials(host_, load_, clock_, events_);
  while (!finish.stop_requested() && !halted_ && has_time_to_race()) {
    auto experiment = agenda_->next_heat();
    if (!experiment) break;
    const auto before = race_of(run_);
    co_await measure(trials, std::move(*experiment), false, finish);
    const auto after = race_of(run_);
    if (!before || !after) continue;
    for (auto& text : race_news(*before, *after)) events_(Notice{false, std::move(text)});
  }
}

base::Awaitable<void> Session::conduct(std::stop_token finish) {
  for (auto& experiment : run_.experiments) {
    if (experiment.terminal()) put_away(experiment);
  }
  co_await work_in_parallel(run_.task.running.max_parallel_experiments, finish);
  co_await repeat_best(finish);
  co_await race(finish);
  if (finish.stop_requested()) run_.stop_reason = "cancelled";
}

base::Awaitable<base::Result<Run>> Session::conclude() {
  const bool measured =
      std::ranges::any_of(run_.experiments, [](const Experiment& e) { return e.trust().has_value(); });
  run_.state = run_.stop_reason == "cancelled"           ? TaskState::cancelled
               : measured && run_.stop_reason != "error" ? TaskState::completed
                                                         : TaskState::failed;
  run_.completed_at = base::to_iso_text(clock_.system());
  run_.elapsed = earlier_elapsed_ + duration<double>(clock_.steady() - started_).count();
  const auto stored = co_await store_.finish(run_, checkpoint_now(true));
  // The results are still in hand: they are reported even when their last state could not be stored.
  if (!stored && run_.error_message.empty()) {
    run_.error_message = stored.error().message;
    events_(Notice{true, "the final state could not be stored: " + stored.error().message});
  }
  co_await take_back();
  events_(RunFinished{run_.state, run_.stop_reason});
  co_return std::move(run_);
}

bool Session::has_time_left(double reserve_s) const {
  const auto deadline = run_deadline();
  if (!deadline) return true;
  return duration<double>(*deadline - clock_.steady()).count() > reserve_s;
}

std::optional<base::SteadyTime> Session::run_deadline() const {
  const auto limit = run_.task.running.total_timeout;
  if (!limit) return std::nullopt;
  const auto left = *limit - duration<double>(earlier_elapsed_);
  return started_ + std::chrono::duration_cast<base::SteadyTime::duration>(left);
}

}  // namespace

TuningLoop::TuningLoop(TaskStore& store, EngineHost& host, LoadRunner& load, const base::Clock& clock,
                       EventSink events)
    : store_(store), host_(host), load_(load), clock_(clock), events_(std::move(events)) {}

base::Awaitable<base::Result<Run>> TuningLoop::run(spec::Task task, LoopOptions options,
                                                   std::stop_token finish) {
  Session session(store_, host_, load_, clock_, events_, std::move(options));
  if (const auto done = co_await session.prepare(std::move(task)); !done)
    co_return tl::unexpected(done.error());
  if (const auto done = co_await session.ready_host(finish); !done) co_return tl::unexpected(done.error());
  if (const auto done = co_await session.gather_premises(); !done) co_return tl::unexpected(done.error());
  if (const auto done = co_await session.open(); !done) co_return tl::unexpected(done.error());
  co_await session.conduct(finish);
  co_return co_await session.conclude();
}

}  // namespace autotuner::tuning
