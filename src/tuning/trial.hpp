#pragma once

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
/// every member of the record. Nothing is left running on any path.
class TrialRunner {
 public:
  TrialRunner(EngineHost& host, LoadRunner& load, const base::Clock& clock, const EventSink& events);

  using Context = TrialContext;

  /// One more attempt is made when the cause is transient. A stop request ends it as failed with code
  /// cancelled.
  base::Awaitable<void> run(Experiment& experiment, Context context, std::stop_token stop);

 private:
  base::Awaitable<void> attempt(Experiment& experiment, const engine::Resolved& resolved,
                                const Context& context, std::stop_token stop);

  EngineHost& host_;
  LoadRunner& load_;
  const base::Clock& clock_;
  const EventSink& events_;
};

}  // namespace autotuner::tuning
