#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "tuning/events.hpp"

namespace autotuner::tuning {

/// Writes what happens in a run to `task_<id>.log` and, trial by trial, to `task_<id>_exp_<n>.log`. Lines are
/// "[YYYY-MM-DD HH:MM:SS] [LEVEL] text" in UTC. A trial stands in the task's file in one piece, between its
/// lines "[Experiment n] Status: DEPLOYING" and "... SUCCESS" or "... FAILED", also when others run beside
/// it: its lines go to its own file at once and to the task's when it ends. A new run moves the files of an
/// earlier one to `task_<id>.run<r>...`; a resumed one goes on with them. Thread-safe.
class TaskLog {
 public:
  /// Nothing is written before the run starts. `folder` is made when it is missing.
  TaskLog(std::string folder, const base::Clock& clock);

  /// Returns what went wrong, once: from then on nothing more is written.
  base::Result<void> write(const Event& event);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, CloseFile>;
  struct Trial {
    File file;
    std::string lines;  ///< not yet in the task's file
  };

  void handle(const Preparing& event);
  void handle(const RunStarted& event);
  void handle(const ExperimentStarted& event);
  void handle(const PhaseChanged& event);
  void handle(const LevelProgress& event);
  void handle(const LevelFinished& event);
  void handle(const ExperimentFinished& event);
  void handle(const Notice& event);
  void handle(const RunFinished& event);

  void set_aside_earlier_run(int run) const;
  File open(const std::string& name, const char* mode);
  void append(std::FILE* file, const std::string& text);
  void tell(const char* level, const std::string& text);
  void tell(int number, const char* level, const std::string& text);
  std::string line(const char* level, const std::string& text) const;

  std::string folder_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::string name_;  ///< "task_7"
  File task_;
  std::map<int, Trial> trials_;  ///< under way
  base::Result<void> state_;
  bool reported_ = false;
};

}  // namespace autotuner::tuning
