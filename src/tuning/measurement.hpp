#pragma once

#include <optional>
#include <stop_token>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "engine/resolve.hpp"
#include "tuning/loop.hpp"
#include "tuning/ports/engine_host.hpp"
#include "tuning/ports/load_runner.hpp"
#include "tuning/run.hpp"

namespace autotuner::tuning {

/// What all trials of a run share.
struct TrialContext {
  const Run& run;  ///< its rows say whether a trial goes on after its short look
  const engine::Setting& setting;
  const LoopOptions& options;
  bool per_gpu = true;
  bool keeps_engine = false;  ///< a trial leaves its engine running for a next one of the same flags
  std::optional<base::SteadyTime> run_deadline;  ///< wall limit of the whole task
};

/// Ends the experiment as failed, at the stage that the code stands for.
void fail(Experiment& experiment, engine::Failure failure);

/// Loads a running engine and scores what came of it: first the short look where the task wants one, then the
/// whole load unless the look said that it isn't worth sending. All that it is made of must outlive it.
class Measurement {
 public:
  Measurement(LoadRunner& load, const base::Clock& clock, const TrialContext& context, RunningEngine& engine,
              const LoadWatcher& watcher);

  /// The experiment is terminal afterwards; a stop request ends it as failed with code cancelled.
  base::Awaitable<void> run(Experiment& experiment, base::SteadyTime deadline, std::stop_token stop);

 private:
  LoadRequest request_for(const Experiment& experiment, base::SteadyTime deadline) const;
  base::Awaitable<bool> look(Experiment& experiment, LoadRequest request, std::stop_token stop);
  base::Awaitable<bool> send(Experiment& experiment, LoadRequest request, const LoadWatcher& watcher,
                             std::stop_token stop);

  LoadRunner& load_;
  const base::Clock& clock_;
  const TrialContext& context_;
  RunningEngine& engine_;
  const LoadWatcher& watcher_;
};

}  // namespace autotuner::tuning
