#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/race.hpp"
#include "tuning/run.hpp"

/// The final race of a run: the best few configurations of the search and the engine's defaults, measured
/// again side by side. Everything here is a function of the stored rows, so a resumed race goes on as if it
/// had not been stopped.
namespace autotuner::tuning {

/// `Experiment::phase_of_search` of its rows; their `repeat_of` names the entrant.
constexpr auto race_phase = "race";

struct Race {
  int planned_rounds = 0;
  /// By their standing in the search, the defaults last; numbers are those of the search rows. Rounds of rows
  /// that were made before the last search row belong to an earlier race and are left out.
  std::vector<search::RaceEntrant> entrants;
  std::vector<std::vector<int>> rows;  ///< of each entrant: the row of each of its rounds
  search::RaceResult result;
};

/// Nothing when the task wants no race or there are not two that could race: the best `candidates` finished
/// rows of the search that share the best class (met or missed) and the audit's verdict of the first, and the
/// defaults when they are of one of these classes. Rows that copy another row's result don't race beside it.
std::optional<Race> race_of(const Run& run);

/// The rows of an entrant by whole round; nothing where the race did not compare it. Empty for one that is no
/// entrant.
std::vector<std::optional<int>> counted_rows(const Race& race, int number);
/// All rows of an entrant in whole rounds.
std::vector<int> whole_rows(const Race& race, int number);

/// For the choice rule; nothing before the first round is whole: then the rows count as repeats.
std::optional<metrics::RaceOutcome> outcome_of(const Race& race);

/// The next row to measure.
struct DueHeat {
  int number = 0;  ///< the entrant's row in the search
  int round = 1;
  std::string reason;  ///< "race round 2 of 5: #7 against #3 and the defaults"
};
/// Nothing when the race is over. Each round begins with another entrant, so that drift within a round hits
/// all alike.
std::optional<DueHeat> due_heat(const Race& race);

/// Rows that the race has at most, of a search that plans `searched`.
std::uint64_t most_race_rows(const spec::Task& task, std::uint64_t searched, bool with_baseline);

/// The median of what measured rows of the search took, in seconds; 0 before the first one.
double median_trial_seconds(const Run& run);

/// Time that the search leaves to the race, at the median trial's length: all its rows, but at most a third
/// of `total_timeout`; nothing where a third does not hold the rounds up to the first look, for such a race
/// decides nothing. Seconds; 0 without a race or without that limit.
double race_reserve(const Run& run, bool with_baseline);

/// What the race takes until it may say something, at the median trial's length: the rows up to its first
/// look, later those left of a round. Seconds.
double seconds_to_next_look(const Run& run, const Race& race);

/// What a row changed: "race: #3 is out after round 3, 4.1 % behind #7 (95 % 2.0 to 6.2 %)", a line each.
std::vector<std::string> race_news(const Race& before, const Race& after);

/// "#7", "the defaults".
std::string racer_name(int number);
/// "#3 and the defaults": all entrants but one, or those that are still in.
std::string racers_but(const Race& race, int number, bool only_in = false);
/// "4.1 % (95 % 2.0 to 6.2 %)".
std::string gap_text(const search::RaceGap& gap);

}  // namespace autotuner::tuning
