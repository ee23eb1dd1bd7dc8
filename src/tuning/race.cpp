#include "tuning/race.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "tuning/outline.hpp"

namespace autotuner::tuning {
namespace {

using search::RaceExit;

bool is_measured(const Experiment& experiment) {
  return experiment.status == ExperimentStatus::success && !experiment.same_as && experiment.fidelity >= 1;
}

bool is_sound(const Experiment& experiment) {
  return experiment.trust() != metrics::Trust::invalid;
}

/// The best rows of the search: class, then valid ones before invalid ones, then score. Of rows with equal
/// flags the first one.
std::vector<int> candidates_of(const Run& run, std::size_t most) {
  struct Candidate {
    const Experiment* row;
    search::Trial trial;
    std::string identity;
  };
  std::vector<Candidate> all;
  for (const auto& row : run.experiments) {
    if (!is_search_row(row) || !is_measured(row) || !row.score.score) continue;
    auto identity = contender(row, nullptr).identity;
    const bool known = std::ranges::any_of(all, [&](const Candidate& c) { return c.identity == identity; });
    if (!known) all.push_back({&row, trial_of(row), std::move(identity)});
  }
  const auto group = [](const Candidate& c) { return std::pair(c.row->rank(), !is_sound(*c.row)); };
  std::ranges::stable_sort(all, [&](const Candidate& a, const Candidate& b) {
    if (group(a) != group(b)) return group(a) < group(b);
    return search::better(a.trial, b.trial);
  });
  std::vector<int> numbers;
  for (const auto& candidate : all) {
    if (numbers.size() < most && group(candidate) == group(all.front()))
      numbers.push_back(candidate.row->number);
  }
  return numbers;
}

search::Heat heat_of(const Experiment& row) {
  return {static_cast<search::TrialClass>(row.rank()), row.score.score, is_sound(row)};
}

/// Rows of this race alone: a search that went on afterwards makes another one.
std::vector<const Experiment*> race_rows(const Run& run) {
  int last_of_search = 0;
  for (const auto& row : run.experiments) {
    if (is_search_row(row)) last_of_search = std::max(last_of_search, row.number);
  }
  std::vector<const Experiment*> rows;
  for (const auto& row : run.experiments) {
    const bool in_race = row.phase_of_search == race_phase && row.repeat_of && row.number > last_of_search;
    if (in_race && !is_unfinished(row)) rows.push_back(&row);
  }
  return rows;
}

void add_entrant(Race& race, int number, const std::vector<const Experiment*>& rows) {
  search::RaceEntrant entrant{.number = number, .heats = {}};
  std::vector<int> numbers;
  for (const auto* row : rows) {
    if (row->repeat_of != number) continue;
    entrant.heats.push_back(heat_of(*row));
    numbers.push_back(row->number);
  }
  race.entrants.push_back(std::move(entrant));
  race.rows.push_back(std::move(numbers));
}

bool is_in(const Race& race, int number) {
  const auto place = std::ranges::find(race.result.order, number, &search::RacePlace::number);
  return place != race.result.order.end() && place->exit == RaceExit::none;
}

std::string news_of(const search::RacePlace& place) {
  const auto name = racer_name(place.number);
  const auto* verb = place.number == 0 ? "are" : "is";
  auto out = fmt::format("race: {} {} out after round {}", name, verb, place.left_after);
  switch (place.exit) {
    case RaceExit::slower:
      return place.gap ? fmt::format("{}, behind {} by {}", out, racer_name(place.gap->against),
                                     gap_text(*place.gap))
                       : out;
    case RaceExit::limits:
      return out + ", for limits that another one keeps";
    case RaceExit::failed:
      return out + ", for failing twice";
    case RaceExit::none:
      break;
  }
  return out;
}

}  // namespace

std::optional<Race> race_of(const Run& run) {
  const auto& wish = run.task.running.race;
  if (!wish) return std::nullopt;
  auto numbers = candidates_of(run, static_cast<std::size_t>(wish->candidates));
  const auto* baseline = find(run, 0);
  if (baseline != nullptr && is_measured(*baseline) && baseline->score.score) numbers.push_back(0);
  if (numbers.size() < 2) return std::nullopt;
  Race race;
  race.planned_rounds = wish->rounds;
  const auto rows = race_rows(run);
  for (const int number : numbers) add_entrant(race, number, rows);
  race.result = search::judge_race(race.entrants, {.rounds = wish->rounds});
  return race;
}

std::vector<int> whole_rows(const Race& race, int number) {
  const auto found = std::ranges::find(race.entrants, number, &search::RaceEntrant::number);
  if (found == race.entrants.end()) return {};
  auto rows = race.rows[static_cast<std::size_t>(found - race.entrants.begin())];
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(race.result.rounds)));
  return rows;
}

std::vector<std::optional<int>> counted_rows(const Race& race, int number) {
  const auto place = std::ranges::find(race.result.order, number, &search::RacePlace::number);
  std::vector<std::optional<int>> counted;
  for (const int row : whole_rows(race, number)) {
    const auto round = counted.size();
    const bool counts = round < place->counted.size() && place->counted[round];
    counted.push_back(counts ? std::optional(row) : std::nullopt);
  }
  return counted;
}

std::optional<metrics::RaceOutcome> outcome_of(const Race& race) {
  if (race.result.rounds == 0) return std::nullopt;
  metrics::RaceOutcome outcome;
  for (const auto& place : race.result.order) {
    (place.exit == RaceExit::none ? outcome.in : outcome.out).push_back(place.number);
    if (place.exit == RaceExit::none && place.strikes > race.result.order.front().strikes)
      outcome.unsteady.push_back(place.number);
    const auto rows = whole_rows(race, place.number);
    outcome.race_rows.insert(outcome.race_rows.end(), rows.begin(), rows.end());
    for (const auto& row : counted_rows(race, place.number)) {
      if (row) outcome.counted_rows.push_back(*row);
    }
  }
  return outcome;
}

std::optional<DueHeat> due_heat(const Race& race) {
  if (race.result.over) return std::nullopt;
  const auto round = static_cast<std::size_t>(race.result.rounds);
  const auto count = race.entrants.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto& entrant = race.entrants[(i + round) % count];
    if (!is_in(race, entrant.number) || entrant.heats.size() > round) continue;
    return DueHeat{
        entrant.number, race.result.rounds + 1,
        fmt::format("race round {} of {}: {} against {}", race.result.rounds + 1, race.planned_rounds,
                    racer_name(entrant.number), racers_but(race, entrant.number, true))};
  }
  return std::nullopt;
}

std::uint64_t most_race_rows(const spec::Task& task, std::uint64_t searched, bool with_baseline) {
  if (!task.running.race) return 0;
  const auto candidates = std::min(searched, static_cast<std::uint64_t>(task.running.race->candidates));
  const auto entrants = candidates + (with_baseline ? 1 : 0);
  return entrants < 2 ? 0 : entrants * static_cast<std::uint64_t>(task.running.race->rounds);
}

double median_trial_seconds(const Run& run) {
  std::vector<double> seconds;
  for (const auto& row : run.experiments) {
    // A row of the race starts its engine.
    if (!row.repeat_of && !row.engine_of && is_measured(row)) seconds.push_back(row.elapsed);
  }
  if (seconds.empty()) return 0;
  std::ranges::sort(seconds);
  return metrics::percentile_of_sorted(seconds, 0.5);
}

double race_reserve(const Run& run, bool with_baseline) {
  const auto& running = run.task.running;
  if (!running.race || !running.total_timeout) return 0;
  const auto searched = static_cast<std::uint64_t>(std::ranges::count_if(
      run.experiments, [](const Experiment& row) { return is_search_row(row) && is_measured(row); }));
  const double seconds = median_trial_seconds(run);
  const double most = running.total_timeout->count() / 3;
  const auto rows = static_cast<double>(most_race_rows(run.task, searched, with_baseline));
  const double share = std::min(1.0, static_cast<double>(search::first_look) / running.race->rounds);
  return rows * share * seconds > most ? 0 : std::min(rows * seconds, most);
}

double seconds_to_next_look(const Run& run, const Race& race) {
  const int round = std::max(race.result.rounds + 1, std::min(search::first_look, race.planned_rounds));
  std::size_t rows = 0;
  for (const auto& entrant : race.entrants) {
    const auto wanted = static_cast<std::size_t>(round);
    if (is_in(race, entrant.number)) rows += wanted - std::min(wanted, entrant.heats.size());
  }
  return static_cast<double>(rows) * median_trial_seconds(run);
}

std::vector<std::string> race_news(const Race& before, const Race& after) {
  std::vector<std::string> news;
  for (const auto& place : after.result.order) {
    if (place.exit != RaceExit::none && is_in(before, place.number)) news.push_back(news_of(place));
  }
  return news;
}

std::string racer_name(int number) {
  return number == 0 ? "the defaults" : fmt::format("#{}", number);
}

std::string racers_but(const Race& race, int number, bool only_in) {
  std::vector<std::string> names;
  for (const auto& entrant : race.entrants) {
    if (entrant.number != number && (!only_in || is_in(race, entrant.number)))
      names.push_back(racer_name(entrant.number));
  }
  if (names.size() < 2) return base::join(names, "");
  const auto last = names.back();
  names.pop_back();
  return base::join(names, ", ") + " and " + last;
}

std::string gap_text(const search::RaceGap& gap) {
  auto text = fmt::format("{:.1f} %", gap.behind * 100);
  if (!gap.interval) return text;
  return fmt::format("{} (95 % {:.1f} to {:.1f} %)", text, gap.interval->first * 100,
                     gap.interval->second * 100);
}

}  // namespace autotuner::tuning
