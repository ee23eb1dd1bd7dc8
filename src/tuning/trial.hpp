#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "engine/resolve.hpp"
#include "tuning/events.hpp"
#include "tuning/loop.hpp"
#include "tuning/measurement.hpp"
#include "tuning/ports/engine_host.hpp"
#include "tuning/ports/load_runner.hpp"

namespace autotuner::tuning {

/// What every trial of a task asks of a host, before a point is chosen.
EngineRequest engine_request(const spec::Task& task);

/// Takes one experiment from its point to a terminal status: start the engine, load it, stop it, score. Fills
/// every member of the record. Nothing is left running on any path, but for the engine that a context asks to
/// keep: the next trial of the same flags finds it running, any other one stops it first. One trial at a
/// time.
class TrialRunner {
 public:
  TrialRunner(EngineHost& host, LoadRunner& load, const base::Clock& clock, const EventSink& events);

  using Context = TrialContext;

  /// One more attempt, with a fresh engine, is made when the cause is transient or may lie in what an earlier
  /// trial did to the engine. A stop request ends it as failed with code cancelled.
  base::Awaitable<void> run(Experiment& experiment, Context context, std::stop_token stop);

  /// Stops the engine that was kept, if one was.
  base::Awaitable<void> release(std::stop_token stop);

 private:
  /// An engine that is running, and with what.
  struct Seat {
    std::unique_ptr<RunningEngine> engine{};
    std::string flags{};  ///< identity of what it was started with
    int started_by = 0;   ///< number of a trial
    std::string log_path{};
  };

  using Enter = std::function<void(const std::string& phase, const std::string& detail)>;

  base::Awaitable<void> attempt(Experiment& experiment, const engine::Resolved& resolved,
                                const Context& context, std::stop_token stop);
  base::Awaitable<bool> take_seat(Experiment& experiment, EngineRequest request, std::stop_token stop,
                                  const Enter& enter);
  base::Awaitable<base::Result<void>> vacate(std::stop_token stop);
  void note_left_over(Experiment& experiment, const base::Result<void>& stopped);

  EngineHost& host_;
  LoadRunner& load_;
  const base::Clock& clock_;
  const EventSink& events_;
  Seat seat_;
};

}  // namespace autotuner::tuning
