#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/async.hpp"
#include "tuning/agenda.hpp"
#include "tuning/loop.hpp"
#include "tuning/run_clock.hpp"
#include "tuning/run_ledger.hpp"
#include "tuning/trial.hpp"

namespace autotuner::tuning {

/// One run in progress. All members are touched by the loop's executor alone.
class Session {
 public:
  Session(TaskStore& store, EngineHost& host, LoadRunner& load, const base::Clock& clock,
          const EventSink& events, LoopOptions options)
      : store_(store),
        host_(host),
        load_(load),
        clock_(clock),
        time_(clock),
        ledger_(store, run_),
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
  void halt_on_unknown_flag(const Experiment& experiment);
  void announce(const Experiment& experiment);
  bool has_time_to_race() const;

  TaskStore& store_;
  EngineHost& host_;
  LoadRunner& load_;
  const base::Clock& clock_;
  RunClock time_;
  RunLedger ledger_;
  const EventSink& events_;
  LoopOptions options_;
  bool resumed_ = false;
  Run run_;
  std::unique_ptr<Agenda> agenda_;
  bool per_gpu_ = true;
  bool halted_ = false;  ///< a store that fails, or a flag the engine does not know: nothing new begins
};

}  // namespace autotuner::tuning
