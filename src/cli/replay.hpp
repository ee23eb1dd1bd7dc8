#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/tuning_table.hpp"
#include "predict/estimate.hpp"

namespace autotuner::cli {

/// One study replayed on a table.
struct ReplayedStudy {
  std::uint64_t seed = 0;
  /// After each trial: true score of the best seen, as a share of the best. Of several objectives, the
  /// hypervolume of what was seen as a share of what can be reached.
  std::vector<double> trace;
  std::vector<double> spent_seconds;  ///< after each trial, at true cost
  std::size_t crashes = 0;
  std::size_t violations = 0;  ///< points that are not in the table
  std::size_t repeats = 0;
  std::size_t restarts = 0;
  std::size_t cut_short = 0;    ///< trials that ended after the short look
  std::size_t cut_wrongly = 0;  ///< of these, truly within 1 % of the best of the table
  double ask_seconds = 0;       ///< computing time of all suggestions
  std::size_t asks = 0;
  double slowest_ask_seconds = 0;
  std::size_t would_stop = 0;           ///< after this trial; 0 = never
  std::vector<std::string> log;         ///< by trial: point, outcome, reason
  std::vector<search::Report> reports;  ///< by trial, as the strategy was told
};

struct ReplayOptions {
  std::size_t workers = 1;    ///< trials at once, each on hardware of its own
  double short_look = 0;      ///< share of the load that is sent first; 0 = none
  bool asks_to_stop = false;  ///< notes when the strategy would stop; the study goes on
};

/// Plays a study of as many trials as the largest budget of the table. The engine's default is trial 1 where
/// the table has one; the best seen is the one with the best noisy score. With several workers a trial is
/// told when its time is over, and the next one starts; the trace is by trials that ended, seconds are those
/// of the clock.
ReplayedStudy replay_study(const TuningTable& table, const search::Blueprint& blueprint, std::uint64_t seed,
                           const ReplayOptions& options = {});

/// Reads measured kernels from the folder of a package; app/ supplies it.
using ReadKernels = std::function<base::Result<predict::MeasuredKernels>(const std::string& folder,
                                                                         const predict::Estimator&)>;

/// `replay TABLE`: any strategy on a tuning table, many seeds.
void add_replay(CLI::App& app, ReadKernels read_kernels, int& exit_code);

}  // namespace autotuner::cli
