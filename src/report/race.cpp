#include "report/race.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::report {
namespace {

using base::Json;
using search::RaceExit;
using search::RacePlace;
using tuning::Race;
using tuning::Run;

std::optional<double> value_of_row(const Run& run, const Shown& shown, std::optional<int> row) {
  const auto* experiment = row ? tuning::find(run, *row) : nullptr;
  return experiment == nullptr ? std::nullopt : value_at(run, *experiment, shown.point);
}

std::optional<double> mean_of_race(const Run& run, const Race& race, const Shown& shown) {
  double sum = 0;
  int count = 0;
  for (const auto& row : tuning::counted_rows(race, shown.number)) {
    const auto value = value_of_row(run, shown, row);
    if (!value) continue;
    sum += *value;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / count);
}

/// (a - b) / |b| of the sums over the rounds that both measured.
std::optional<double> change_over_common_rounds(const Run& run, const Race& race, const Shown& a,
                                                const Shown& b) {
  const auto rows_a = tuning::counted_rows(race, a.number);
  const auto rows_b = tuning::counted_rows(race, b.number);
  double sum_a = 0;
  double sum_b = 0;
  for (std::size_t r = 0; r < std::min(rows_a.size(), rows_b.size()); ++r) {
    const auto in_a = value_of_row(run, a, rows_a[r]);
    const auto in_b = value_of_row(run, b, rows_b[r]);
    if (!in_a || !in_b) continue;
    sum_a += *in_a;
    sum_b += *in_b;
  }
  if (sum_b == 0) return std::nullopt;
  return (sum_a - sum_b) / std::abs(sum_b);
}

std::string difference_text(const search::RaceGap& gap) {
  auto text = fmt::format("difference {:.1f} %", gap.behind * 100);
  if (!gap.interval) return text;
  return fmt::format("{}, 95 % {:.1f} to {:.1f} %", text, gap.interval->first * 100,
                     gap.interval->second * 100);
}

std::string words_on_one_in(const RacePlace& place) {
  const auto name = tuning::racer_name(place.number);
  return place.gap ? fmt::format("{} ({})", name, difference_text(*place.gap)) : name;
}

std::string words_on_one_out(const RacePlace& place, int leader) {
  const auto name = tuning::racer_name(place.number);
  auto out = fmt::format("{} out after round {}", name, place.left_after);
  switch (place.exit) {
    case RaceExit::slower:
      if (!place.gap || place.gap->against != leader) return out;
      return fmt::format("ahead of {} in {} of {}, by {}", name, place.gap->ahead, place.gap->rounds,
                         tuning::gap_text(*place.gap));
    case RaceExit::limits:
      return out + " for limits that others kept";
    case RaceExit::failed:
      return out + " for failing twice";
    case RaceExit::none:
      break;
  }
  return out;
}

bool is_in_a_race(const Answer& answer) {
  if (!answer.race || answer.race->result.rounds == 0 || !answer.best) return false;
  const auto& order = answer.race->result.order;
  const auto own = std::ranges::find(order, answer.best->number, &RacePlace::number);
  return own != order.end() && own->exit == RaceExit::none;
}

Json gap_json(const std::optional<search::RaceGap>& gap) {
  if (!gap) return nullptr;
  return {{"against", gap->against},
          {"rounds", gap->rounds},
          {"ahead", gap->ahead},
          {"behind", base::number_or_null(gap->behind)},
          {"ci95", gap->interval ? Json{gap->interval->first, gap->interval->second} : Json(nullptr)}};
}

}  // namespace

void use_race_values(const Run& run, Answer& answer) {
  if (!answer.race || answer.race->result.rounds == 0) return;
  const auto& race = *answer.race;
  const bool higher = metrics::is_maximised(run.task.goal.objective);
  for (auto* shown : {&answer.best, &answer.runner_up}) {
    if (!*shown || !(*shown)->delta_baseline || !answer.baseline) continue;
    if (const auto change = change_over_common_rounds(run, race, **shown, *answer.baseline))
      (*shown)->delta_baseline = higher ? *change : -*change;
  }
  for (auto* shown : {&answer.best, &answer.runner_up, &answer.baseline}) {
    if (!*shown) continue;
    if (const auto mean = mean_of_race(run, race, **shown)) (*shown)->value = mean;
  }
}

std::string race_sentence(const Answer& answer) {
  if (!is_in_a_race(answer)) return "";
  const auto& race = *answer.race;
  const auto& result = race.result;
  const bool is_one = (result.over ? result.rounds : race.planned_rounds) == 1;
  const auto raced = fmt::format("raced {} round{} against {}",
                                 result.over ? fmt::format("{}", result.rounds)
                                             : fmt::format("{} of {}", result.rounds, race.planned_rounds),
                                 is_one ? "" : "s", tuning::racers_but(race, answer.best->number));
  const auto& leader = result.order.front();
  if (leader.number != answer.best->number) {
    const auto own = std::ranges::find(result.order, answer.best->number, &RacePlace::number);
    return fmt::format(
        "{}: {} led by so little ({}) that the one with fewer GPUs or changed flags is preferred", raced,
        tuning::racer_name(leader.number), own->gap ? difference_text(*own->gap) : "no common round");
  }
  std::vector<std::string> words;
  std::vector<std::string> not_beaten;
  for (const auto& place : result.order) {
    if (place.number == answer.best->number) continue;
    if (place.exit == RaceExit::none) {
      not_beaten.push_back(words_on_one_in(place));
    } else if (words.empty() || place.number == 0) {
      // Of those that are out the closest one says how sure it is, the defaults what it is worth.
      words.push_back(words_on_one_out(place, answer.best->number));
    }
  }
  if (!not_beaten.empty())
    words.insert(words.begin(), "not shown to be better than " + base::join(not_beaten, ", "));
  return fmt::format("{}: {}", raced, base::join(words, "; "));
}

Json race_json(const Answer& answer) {
  if (!answer.race || answer.race->result.rounds == 0) return nullptr;
  const auto& race = *answer.race;
  Json entrants = Json::array();
  for (const auto& place : race.result.order) {
    const auto standing = std::ranges::find(answer.choice.order, place.number, &metrics::Standing::number);
    const bool known = standing != answer.choice.order.end();
    const auto interval = known ? standing->interval : std::nullopt;
    entrants.push_back({{"experiment_id", place.number},
                        {"is_baseline", place.number == 0},
                        {"rows", tuning::whole_rows(race, place.number)},
                        {"state", search::to_text(place.exit)},
                        {"left_after", place.left_after == 0 ? Json(nullptr) : Json(place.left_after)},
                        {"mean_score", known ? base::number_or_null(standing->score) : Json(nullptr)},
                        {"ci95", interval ? Json{interval->low, interval->high} : Json(nullptr)},
                        {"gap", gap_json(place.gap)}});
  }
  return {{"planned_rounds", race.planned_rounds},
          {"rounds", race.result.rounds},
          {"decided", race.result.decided},
          {"over", race.result.over},
          {"entrants", entrants}};
}

}  // namespace autotuner::report
