#include "tuning/loop.hpp"

#include <algorithm>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include "tuning/outline.hpp"
#include "tuning/race.hpp"
#include "tuning/session.hpp"

namespace autotuner::tuning {
namespace {

using std::chrono::duration;

/// Whether two points of the search may differ in nothing that an engine is started with.
bool has_client_choices(const space::Space& space) {
  return std::ranges::any_of(space.parameters, [](const space::Parameter& parameter) {
    return engine::is_client_side(parameter.name) && !space::is_fixed(parameter);
  });
}

}  // namespace

std::optional<Experiment> Session::next() {
  if (halted_) return std::nullopt;
  if (!time_.has_left(race_reserve(run_, options_.baseline))) {
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

std::string Session::checkpoint_now(bool lists) const {
  return checkpoint_of(run_, agenda_->strategy(), base::to_iso_text(clock_.system()), lists);
}

base::Awaitable<void> Session::save(const Experiment& experiment) {
  ledger_.put(experiment);
  agenda_->record(experiment);
  run_.elapsed = time_.elapsed();
  // A run resumes from its experiments, which stand in the same store: the lists of the state are for other
  // readers and are written once, at the end. Each of a thousand trials writing them costs 80 ms more.
  auto checkpoint = experiment.terminal() ? checkpoint_now(false) : std::string();
  const auto stored = co_await ledger_.save(experiment, std::move(checkpoint));
  if (!stored) {
    halted_ = true;
    run_.stop_reason = "error";
    run_.error_message =
        "the result could not be stored, so nothing new is started: " + stored.error().message;
    events_(Notice{true, run_.error_message});
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

base::Awaitable<void> Session::measure(TrialRunner& trials, Experiment experiment, bool keeps_engine,
                                       std::stop_token finish) {
  events_(ExperimentStarted{experiment.number, experiment.attempt, experiment.parameters, experiment.reason,
                            experiment.phase_of_search});
  if (!agenda_->copies_baseline(experiment)) {
    co_await save(experiment);  // what is under way is known to a run that resumes
    if (halted_) co_return;
    const TrialRunner::Context context{run_,     agenda_->setting(), options_,
                                       per_gpu_, keeps_engine,       time_.deadline()};
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
  while (!finish.stop_requested() && !halted_ && time_.has_left()) {
    auto experiment = agenda_->next_repeat();
    if (!experiment) break;
    co_await measure(trials, std::move(*experiment), false, finish);
  }
}

/// A race that the time limit would cut off before it can say something is not begun, nor is a round of it.
bool Session::has_time_to_race() const {
  const auto race = race_of(run_);
  if (!race || race->result.over) return true;
  const double needed = seconds_to_next_look(run_, *race);
  if (time_.has_left(needed)) return true;
  events_(Notice{
      false, fmt::format("no {} race: it needs {} to tell the entrants apart, {} are left",
                         race->result.rounds == 0 ? "final" : "more rounds of the",
                         base::to_duration_text(duration<double>(needed)),
                         base::to_duration_text(duration<double>(std::max(0.0, time_.left().value_or(0)))))});
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
  ledger_.put_away_finished();
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
  run_.elapsed = time_.elapsed();
  const auto stored = co_await store_.finish(run_, checkpoint_now(true));
  // The results are still in hand: they are reported even when their last state could not be stored.
  if (!stored && run_.error_message.empty()) {
    run_.error_message = stored.error().message;
    events_(Notice{true, "the final state could not be stored: " + stored.error().message});
  }
  if (const auto whole = co_await ledger_.take_back(); !whole)
    events_(Notice{true, "the details of the trials can't be read back: " + whole.error().message});
  events_(RunFinished{run_.state, run_.stop_reason});
  co_return std::move(run_);
}

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
