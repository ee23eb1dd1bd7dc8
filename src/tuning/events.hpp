#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "metrics/batch.hpp"
#include "tuning/run.hpp"

namespace autotuner::tuning {

/// What a watcher of a run is told: the terminal today, WebSocket and Redis later. Values, no references.
/// Before the first trial: what is fetched and how far it is. Often.
struct Preparing {
  std::string detail;
};
struct RunStarted {
  std::int64_t task_id;
  int run;
  std::uint64_t planned;
  bool with_baseline;
  bool resumed;
  std::string engine;
  bool simulated;
};
struct ExperimentStarted {
  int number;
  int attempt;  ///< 2 and more: an earlier one was cut off
  space::Point parameters;
  std::string reason;
  std::string phase_of_search;  ///< as of the experiment
};
/// phase: deploy ready reuse look warmup level teardown wait; `detail` for people: "concurrency 4, D(128,32)".
struct PhaseChanged {
  int number;
  std::string phase;
  std::string detail;
};
/// While a level is measured: finished of planned requests, tokens/s so far.
struct LevelProgress {
  int number;
  int finished;
  int planned;
  double output_tokens_per_s;
  double seconds;
};
struct LevelFinished {
  int number;
  metrics::Batch batch;
};
struct ExperimentFinished {
  Experiment experiment;
  std::optional<int> best;
  std::optional<double> best_value;
  std::string best_metric;
};
struct Notice {
  bool warning;
  std::string text;
};
struct RunFinished {
  TaskState state;
  std::string stop_reason;
};

using Event = std::variant<Preparing, RunStarted, ExperimentStarted, PhaseChanged, LevelProgress,
                           LevelFinished, ExperimentFinished, Notice, RunFinished>;
/// Called from the loop's thread and from load threads: must be thread-safe and quick.
using EventSink = std::function<void(const Event&)>;

}  // namespace autotuner::tuning
