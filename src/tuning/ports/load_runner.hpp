#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "load/plan.hpp"
#include "load/record.hpp"
#include "metrics/aggregate.hpp"
#include "tuning/ports/engine_host.hpp"

namespace autotuner::tuning {

struct LoadRequest {
  std::string url;
  std::string served_id;
  std::string api_key;
  load::Workload workload;
  engine::RuntimeId runtime = engine::RuntimeId::sim;
  metrics::Slo slo;                 ///< for goodput and verdicts of batches
  base::SteadyTime deadline;        ///< levels not finished by then are cut
  std::uint64_t prompt_stream = 0;  ///< distinct per load: none sees another's prompts (prefix cache)
  std::string result_folder;        ///< genai-bench files go here; empty = none
  std::string task_name;
  int experiment = 0;
};

/// What came back: batches that were measured, levels that were not.
struct LoadResult {
  std::vector<metrics::Batch> batches;
  std::vector<metrics::FailedBatch> failed;
  std::optional<engine::Failure> failure;  ///< set when there is no batch at all
  std::string client_warning;
  bool partial = false;
};

struct LoadWatcher {
  std::function<void(std::string phase, std::string detail)> phase;  ///< warmup, level
  std::function<void(int finished, int planned, double output_tokens_per_s, double seconds)> progress;
  std::function<void(const metrics::Batch&)> level_finished;
};

/// Sends a workload and measures. Has its own threads; shares nothing with the loop while it measures.
class LoadRunner {
 public:
  virtual ~LoadRunner() = default;
  /// Warm-up, then every (scenario, level). `engine` is asked for liveness and foreign CPU; it may be null
  /// (a foreign endpoint). A stop request ends within 100 ms; finished levels are kept.
  virtual base::Awaitable<LoadResult> run(LoadRequest request, RunningEngine* engine, std::stop_token stop,
                                          LoadWatcher watcher) = 0;
};

}  // namespace autotuner::tuning
