#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/score.hpp"

namespace autotuner::metrics {

/// What the choice needs to know of one experiment.
struct Contender {
  int number = 0;        ///< sequence number, 0 = baseline
  std::string identity;  ///< of its flags and its load: rows of equal ones are one entry
  int rank = 3;          ///< class: 0 met or none, 1 missed, 2 violated, 3 failed
  bool whole = true;     ///< the whole load was sent, not the short look alone
  bool valid = true;     ///< audit passed
  std::optional<double> score;
  double hard_excess = 0;  ///< class 2: largest (1+v)/(1+fail_ratio)
  int stage = 0;           ///< class 3: 0 deploy, 1 ready, 2 benchmark
  double penalty = 0;      ///< class 3
  int gpus = 0;
  int flags_changed = 0;  ///< flags that differ from the baseline's
};

/// What a final race said, by the numbers of the entries' first rows.
struct RaceOutcome {
  std::vector<int> in;             ///< those not shown to be worse than the first, best first
  std::vector<int> out;            ///< those that were
  std::vector<int> unsteady = {};  ///< those in that missed limits more often than the first
  std::vector<int> race_rows;      ///< what it measured: the class of an entrant is that of these rows
  std::vector<int> counted_rows;   ///< those of them that it compared: the scores of entrants
};

struct Standing {
  int number = 0;         ///< of the entry's first row
  std::vector<int> rows;  ///< all rows with these flags
  int rank = 3;
  bool whole = true;            ///< some row is; else it is no candidate
  bool valid = true;            ///< of a raced one: of any of its rows
  std::optional<double> score;  ///< mean over its rows, of a raced one over those that the race compared
  std::optional<Interval>
      interval;    ///< 95 % t-interval of the score, with at least two scores; raced_interval
  int scores = 0;  ///< how many the mean is of
  bool raced = false;
};

struct Choice {
  std::vector<Standing> order;        ///< best first, all entries
  std::optional<int> best;            ///< none when no entry is of class 0 or 1
  std::vector<int> equivalent;        ///< entries within noise of the best
  std::optional<int> runner_up;       ///< next entry of class 0 or 1 that is not the best
  std::optional<int> nearest_miss;    ///< first of class 2 when there is no best
  std::optional<int> fastest_single;  ///< best single row when that is another entry (winner's curse)
};

/// Which experiment to recommend: one rule for CLI, API, assistant and UI. Order: class, then valid before
/// invalid, then the score; violated ones by nearness, failed ones by the stage reached. Among those that
/// can't be told apart from the leader the one with the fewest GPUs, then the fewest changed flags, is the
/// best and stands first. Rows of equal identity are one entry; rows that copy another row's result must be
/// left out, they would count as repeats. Measured by the short look alone, one of class 0 or 1 stands behind
/// all of these classes that were measured whole, and is never the best. `reference_compat`: classes 0 and 1
/// are one, the audit doesn't count, ties go to the lowest number.
///
/// After a race those still in lead their class, in its order. Of those behind its leader by at most 1 %, and
/// no less steady, the one with the fewest GPUs, then the fewest changed flags, is the best; the others still
/// in are its equivalents. The single runs that made them entrants don't count any more: the best of many
/// runs is the luckiest, too.
Choice choose(const std::vector<Contender>& contenders, bool reference_compat,
              const RaceOutcome* race = nullptr);

/// 95 % t-interval of the mean of an entrant's rounds, with at least two values. As in the race itself, noise
/// below 1 % is not believed: two rounds may agree by luck.
std::optional<Interval> raced_interval(std::span<const double> values);

/// 95 % intervals of the objective overlap, or ties: for two entries.
bool is_equivalent(const Standing& a, const Standing& b);

/// Why a difference between two batches may not be shown: another scenario or level, an invalid measurement,
/// a window that differs by over 5 % both in time and in requests (runs that end after so many requests last
/// as long as they are slow; runs that the time limit ended may differ by the longest request), error rates
/// over 0.5 points apart. Nothing when comparable.
std::optional<std::string> why_not_comparable(const Batch& a, const Batch& b);

}  // namespace autotuner::metrics
