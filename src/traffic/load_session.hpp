#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "traffic/level_measurer.hpp"
#include "traffic/result_folder.hpp"

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
  std::optional<engine::Failure> prepare();
  std::optional<engine::Failure> name_model();
  std::optional<engine::Failure> load_prompts();
  std::optional<engine::Failure> warm_up_server();
  engine::Failure failure(engine::FailureClass cls, std::string message) const;
  std::optional<engine::Failure> interruption() const;
  void await_death() const;

  void measure_pass(int pass);
  void measure_point(const LevelPoint& point, int pass);
  void finish_point(const LevelPoint& point);
  void give_up(const LevelPoint& point, std::string reason);
  void watch_errors(const LevelPoint& point, const load::LevelRun& run);
  void note_lengths(const LevelPoint& point, const load::LevelRun& run);
  void warn(std::string text);
  tuning::LoadResult conclude();

  const tuning::LoadRequest& request_;
  tuning::RunningEngine* engine_;
  std::stop_token stop_;
  const tuning::LoadWatcher& watcher_;
  const NativeOptions& options_;
  FitFinder find_fit_;

  KnownServer server_;
  LevelMeasurer levels_;
  ResultFolder folder_;
  std::map<LevelPoint, std::vector<load::LevelRun>> runs_;
  std::set<LevelPoint> given_up_;
  std::map<std::size_t, int> bad_levels_;       ///< by scenario: consecutive ones
  std::map<std::size_t, int> highest_allowed_;  ///< by scenario: concurrency above is skipped
  std::set<std::string> warnings_;
  tuning::LoadResult result_;
};

}  // namespace autotuner::traffic
