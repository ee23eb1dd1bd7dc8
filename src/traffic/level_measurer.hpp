#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "metrics/batch.hpp"
#include "traffic/control.hpp"
#include "traffic/level_plan.hpp"
#include "traffic/native_load_runner.hpp"
#include "traffic/tokens.hpp"

namespace autotuner::traffic {

/// One measurement of a workload: indices into its scenarios and levels.
struct LevelPoint {
  std::size_t scenario = 0;
  std::size_t level = 0;
  auto operator<=>(const LevelPoint&) const = default;
};

/// What is known of a server before its first level.
struct KnownServer {
  Control control;
  TokenFit fit;
  std::vector<std::string> dataset;
};

/// Requests of a run that ended well (or not well).
int count_if_ok(const load::LevelRun& run, bool ok);
/// Ended from outside: what it measured is not the level.
bool was_interrupted(const load::LevelRun& run);

/// Measures single levels of a workload against a known server.
class LevelMeasurer {
 public:
  /// All references must outlive it; `engine` may be null.
  LevelMeasurer(const tuning::LoadRequest& request, tuning::RunningEngine* engine,
                const std::stop_token& stop, const tuning::LoadWatcher& watcher, const NativeOptions& options,
                const KnownServer& server)
      : request_(request),
        engine_(engine),
        stop_(stop),
        watcher_(watcher),
        options_(options),
        server_(server) {}

  /// Warm requests, then the level; a second time when the first was disturbed. Errors: as run_level.
  base::Result<load::LevelRun> measure(const LevelPoint& point, int pass);
  metrics::Batch batch_of(const LevelPoint& point, std::span<const load::LevelRun> passes) const;
  /// Input tokens aimed at in the level measured last.
  double mean_target() const { return mean_target_; }

  const load::Scenario& scenario(const LevelPoint& point) const {
    return request_.workload.scenarios[point.scenario];
  }
  const load::Level& level(const LevelPoint& point) const { return request_.workload.levels[point.level]; }

 private:
  base::Result<load::LevelRun> run_once(const LevelPoint& point, int pass);
  std::chrono::nanoseconds warm_level(const LevelPoint& point, int pass);
  base::Result<std::vector<PreparedRequest>> requests_of(const LevelPoint& point, int pass, int count,
                                                         int longest_output) const;
  LevelPlan plan_of(const LevelPoint& point) const;

  const tuning::LoadRequest& request_;
  tuning::RunningEngine* engine_;
  const std::stop_token& stop_;
  const tuning::LoadWatcher& watcher_;
  const NativeOptions& options_;
  const KnownServer& server_;
  double engine_cores_ = 0;
  double mean_target_ = 0;
};

}  // namespace autotuner::traffic
