#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "traffic/control.hpp"
#include "traffic/level_plan.hpp"
#include "traffic/native_load_runner.hpp"
#include "traffic/result_folder.hpp"
#include "traffic/tokens.hpp"

namespace autotuner::traffic {

/// How prompt lengths are found for a server: from memory or by asking it.
using FitFinder =
    std::function<base::Result<TokenFit>(const Control& control, const std::vector<std::string>& dataset)>;

/// One run of a workload against one server, step by step.
class LoadSession {
 public:
  LoadSession(const tuning::LoadRequest& request, tuning::RunningEngine* engine, std::stop_token stop,
              const tuning::LoadWatcher& watcher, const NativeOptions& options, FitFinder find_fit);

  tuning::LoadResult run();

 private:
  struct Point {
    std::size_t scenario = 0;
    std::size_t level = 0;
    auto operator<=>(const Point&) const = default;
  };

  std::optional<engine::Failure> prepare();
  std::optional<engine::Failure> name_model();
  std::optional<engine::Failure> load_prompts();
  std::optional<engine::Failure> warm_up_server();
  engine::Failure failure(engine::FailureClass cls, std::string message) const;
  std::optional<engine::Failure> interruption() const;
  void await_death() const;

  void measure_pass(int pass);
  void measure_point(const Point& point, int pass);
  base::Result<load::LevelRun> run_once(const Point& point, int pass);
  base::Result<load::LevelRun> run_audited(const Point& point, int pass);
  std::chrono::nanoseconds warm_level(const Point& point, int pass);
  base::Result<std::vector<PreparedRequest>> requests_of(const Point& point, int pass, int count,
                                                         int longest_output) const;
  LevelPlan plan_of(const Point& point) const;

  metrics::Batch batch_of(const Point& point, std::span<const load::LevelRun> passes) const;
  void finish_point(const Point& point);
  void give_up(const Point& point, std::string reason);
  void watch_errors(const Point& point, const load::LevelRun& run);
  void note_lengths(const Point& point, const load::LevelRun& run);
  void warn(std::string text);
  tuning::LoadResult conclude();

  const load::Scenario& scenario(const Point& point) const {
    return request_.workload.scenarios[point.scenario];
  }
  const load::Level& level(const Point& point) const { return request_.workload.levels[point.level]; }

  const tuning::LoadRequest& request_;
  tuning::RunningEngine* engine_;
  std::stop_token stop_;
  const tuning::LoadWatcher& watcher_;
  const NativeOptions& options_;
  FitFinder find_fit_;

  Control control_;
  TokenFit fit_;
  std::vector<std::string> dataset_;
  ResultFolder folder_;
  double engine_cores_ = 0;
  double mean_target_ = 0;  ///< input tokens aimed at in the level measured last
  std::map<Point, std::vector<load::LevelRun>> runs_;
  std::set<Point> given_up_;
  std::map<std::size_t, int> bad_levels_;       ///< by scenario: consecutive ones
  std::map<std::size_t, int> highest_allowed_;  ///< by scenario: concurrency above is skipped
  std::set<std::string> warnings_;
  tuning::LoadResult result_;
};

}  // namespace autotuner::traffic
