#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "tuning/events.hpp"

namespace autotuner::cli {

/// Shows a run as it goes, on stderr: one live status line below the finished trials on a terminal, plain
/// lines elsewhere. Thread-safe; events may come from load threads.
class Progress {
 public:
  struct Style {
    bool live = false;  ///< a terminal: the status line is rewritten in place
    bool colour = false;
    int columns = 80;
  };

  Progress(std::FILE* out, Style style, const base::Clock& clock);
  ~Progress();

  void show(const tuning::Event& event);
  /// A line of its own above the status line.
  void say(const std::string& text);

 private:
  void handle(const tuning::Preparing& event);
  void handle(const tuning::RunStarted& event);
  void handle(const tuning::ExperimentStarted& event);
  void handle(const tuning::PhaseChanged& event);
  void handle(const tuning::LevelProgress& event);
  void handle(const tuning::LevelFinished& event);
  void handle(const tuning::ExperimentFinished& event);
  void handle(const tuning::Notice& event);
  void handle(const tuning::RunFinished& event);
  void print_line(const std::string& text);
  void erase_status();
  void draw_status();
  void show_status(std::string line);
  std::string position() const;
  std::string time_left() const;
  std::string paint(const char* code, const std::string& text) const;

  std::FILE* out_;
  Style style_;
  const base::Clock& clock_;
  std::mutex mutex_;
  base::SteadyTime run_start_;
  base::SteadyTime drawn_;
  std::optional<base::SteadyTime> told_;  ///< when the last line about preparations was printed
  std::uint64_t planned_ = 0;
  bool with_baseline_ = false;
  int measured_ = 0;  ///< trials finished in this session, copies left out
  double measured_seconds_ = 0;
  int number_ = 0;
  std::string heat_;  ///< while the final race measures: "race round 2 of 5: #7 against #3"
  std::string phase_;
  std::string best_;
  bool status_on_screen_ = false;
  bool over_ = true;
};

}  // namespace autotuner::cli
