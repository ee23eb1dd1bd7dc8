#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "tuning/events.hpp"
#include "tuning/ports/engine_host.hpp"
#include "tuning/ports/load_runner.hpp"
#include "tuning/ports/task_store.hpp"

namespace autotuner::tuning {

/// What one pass through the loop may do.
struct LoopOptions {
  bool baseline = true;
  bool resume = false;           ///< go on from what the store has; else a new run
  std::string results_folder{};  ///< genai-bench layout below it; empty = none
  std::string log_folder{};
  spec::DeploymentMode mode = spec::DeploymentMode::local;
  int host_gpus = 0;
  GpuFacts gpu{};          ///< of the host's GPUs
  KernelSource kernels{};  ///< asked once per run
  std::vector<HostFact> host{};
};

/// Asks the strategy, deploys, loads, scores, tells, stores, until there is nothing left to try; used by
/// `tune`, by workers and by the server alike.
class TuningLoop {
 public:
  TuningLoop(TaskStore& store, EngineHost& host, LoadRunner& load, const base::Clock& clock,
             EventSink events);

  /// Two stop requests: `finish` = let nothing new begin, stop the running trial, report what is known.
  /// Returns the finished run (state completed, failed or cancelled). Errors: what prevents a run from
  /// starting at all; a new run whose engine can't be started here is stored as failed.
  base::Awaitable<base::Result<Run>> run(spec::Task task, LoopOptions options, std::stop_token finish);

 private:
  TaskStore& store_;
  EngineHost& host_;
  LoadRunner& load_;
  const base::Clock& clock_;
  EventSink events_;
};

}  // namespace autotuner::tuning
