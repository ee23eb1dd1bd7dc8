#include "metrics/choice.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

namespace autotuner::metrics {
namespace {

constexpr int missed = 1;
constexpr int violated = 2;
constexpr int failed = 3;
/// A race can't show a smaller lead in a sensible number of rounds.
constexpr double worth_a_change = 0.01;
/// What restarts of an engine differ by at least, for all we know: as in the race.
constexpr double least_noise = 0.01;
constexpr double infinite = std::numeric_limits<double>::infinity();

/// A configuration: rows of equal identity.
struct Entry {
  Standing standing;
  std::vector<Contender> rows;  ///< first one first
  double hard_excess = 0;
  int stage = 0;
  double penalty = 0;
  std::optional<std::size_t> race_place;  ///< of those still in a race, from 0
  bool unsteady = false;                  ///< missed limits there more often than its leader
};

/// The rows that speak for a configuration: a crash of one repeat doesn't undo what the others measured, nor
/// does a measurement that failed its audit when there are sound ones, or a short look when there is a whole
/// measurement.
std::vector<Contender> telling_rows(const std::vector<Contender>& rows) {
  const auto only = [](const std::vector<Contender>& from, auto keep) {
    std::vector<Contender> left;
    std::ranges::copy_if(from, std::back_inserter(left), keep);
    return left.empty() ? from : left;
  };
  return only(only(only(rows, [](const Contender& c) { return c.rank < failed; }),
                   [](const Contender& c) { return c.whole; }),
              [](const Contender& c) { return c.valid; });
}

/// Repeats near a limit may fall on both sides of it: the middle class counts, the worse of two middle ones.
int middle_class(const std::vector<Contender>& rows) {
  std::vector<int> ranks;
  ranks.reserve(rows.size());
  for (const auto& row : rows) ranks.push_back(row.rank);
  std::ranges::sort(ranks);
  return ranks[ranks.size() / 2];
}

bool holds(const std::vector<int>& numbers, int number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

/// The rows of these numbers that measured something.
std::vector<Contender> measured_rows(const Entry& entry, const std::vector<int>& numbers) {
  std::vector<Contender> rows;
  std::ranges::copy_if(entry.rows, std::back_inserter(rows),
                       [&](const Contender& row) { return row.rank < failed && holds(numbers, row.number); });
  return rows;
}

/// The mean of the rows' scores and its interval.
void set_score(Standing& standing, const std::vector<Contender>& rows) {
  std::vector<double> scores;
  for (const auto& row : rows) {
    if (row.score && row.rank < violated) scores.push_back(*row.score);
  }
  if (scores.empty() || standing.rank >= violated) return;
  standing.score = std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
  standing.interval = standing.raced ? raced_interval(scores) : mean_interval(scores);
  standing.scores = static_cast<int>(scores.size());
}

/// An entrant of a race is judged by its rows of the race, whatever their audit: the race knows which to
/// compare.
void settle_race(Entry& entry, const RaceOutcome& race) {
  auto& standing = entry.standing;
  const auto place = std::ranges::find(race.in, standing.number);
  if (place != race.in.end()) entry.race_place = static_cast<std::size_t>(place - race.in.begin());
  standing.raced = entry.race_place || holds(race.out, standing.number);
  entry.unsteady = holds(race.unsteady, standing.number);
  const auto raced = measured_rows(entry, race.race_rows);
  if (!standing.raced || raced.empty()) return;
  standing.rank = middle_class(raced);
  standing.valid = std::ranges::any_of(entry.rows, &Contender::valid);
  set_score(standing, measured_rows(entry, race.counted_rows));
}

void settle(Entry& entry, const RaceOutcome* race) {
  const auto telling = telling_rows(entry.rows);
  auto& standing = entry.standing;
  standing.number = entry.rows.front().number;
  for (const auto& row : entry.rows) standing.rows.push_back(row.number);
  standing.rank = middle_class(telling);
  standing.whole = telling.front().whole;
  standing.valid = telling.front().valid;
  for (const auto& row : telling) {
    if (row.rank == violated) entry.hard_excess = std::max(entry.hard_excess, row.hard_excess);
  }
  set_score(standing, telling);
  const auto& furthest = *std::ranges::min_element(
      telling, {}, [](const Contender& c) { return std::pair(-c.stage, c.penalty); });
  entry.stage = furthest.stage;
  entry.penalty = furthest.penalty;
  if (race != nullptr) settle_race(entry, *race);
}

std::vector<Entry> entries_of(const std::vector<Contender>& contenders, const RaceOutcome* race) {
  auto by_number = contenders;
  std::ranges::sort(by_number, {}, &Contender::number);
  std::vector<Entry> entries;
  std::unordered_map<std::string, std::size_t> place_of;
  for (auto& row : by_number) {
    const auto [place, is_new] = place_of.try_emplace(row.identity, entries.size());
    if (is_new) entries.emplace_back();
    entries[place->second].rows.push_back(std::move(row));
  }
  for (auto& entry : entries) settle(entry, race);
  return entries;
}

class Order {
 public:
  explicit Order(bool reference_compat) : compat_(reference_compat) {}

  /// Rows that may be equivalent share it: the class, and inside the good ones whether the audit passed.
  using Group = std::tuple<int, bool, bool>;
  Group group(const Standing& s) const {
    const bool good = s.rank <= missed;
    const bool looked = good && !s.whole;
    return {good && (compat_ || looked) ? missed : s.rank, looked, good && !compat_ && !s.valid};
  }

  bool operator()(const Entry& a, const Entry& b) const { return key(a) < key(b); }

 private:
  using Key = std::tuple<Group, double, double, double, int>;
  Key key(const Entry& e) const {
    const auto& s = e.standing;
    // Those still in a race come first: one that is out may have the better mean, of fewer and earlier
    // rounds.
    const double place = e.race_place ? static_cast<double>(*e.race_place) : infinite;
    if (s.rank <= missed) return {group(s), place, s.score.value_or(infinite), 0, s.number};
    if (s.rank == violated) return {group(s), e.hard_excess, 0, 0, s.number};
    return {group(s), -e.stage, e.penalty, 0, s.number};
  }

  bool compat_;
};

std::optional<int> fastest_single(const std::vector<Entry>& entries, const Entry& best, const Order& order) {
  const Contender* fastest = nullptr;
  bool of_best = true;
  for (const auto& entry : entries) {
    for (const auto& row : entry.rows) {
      const Standing alone{.number = row.number,
                           .rows = {},
                           .rank = row.rank,
                           .whole = row.whole,
                           .valid = row.valid,
                           .score = row.score,
                           .interval = {}};
      if (!row.score || order.group(alone) != order.group(best.standing)) continue;
      if (fastest && *row.score >= *fastest->score) continue;
      fastest = &row;
      of_best = entry.standing.number == best.standing.number;
    }
  }
  if (!fastest || of_best) return std::nullopt;
  return fastest->number;
}

/// Moves the cheapest of those that are the same as the leader to the front and returns the others.
std::vector<int> prefer_cheapest(std::vector<Entry>& entries,
                                 const std::function<bool(const Entry&)>& is_same_as_leader, bool compat) {
  const auto key = [](const Entry& e) {
    return std::tuple(e.rows.front().gpus, e.rows.front().flags_changed, e.standing.score.value_or(infinite),
                      e.standing.number);
  };
  std::vector<int> others;
  auto best = entries.begin();
  for (auto at = entries.begin(); at != entries.end(); ++at) {
    if (at != entries.begin() && !is_same_as_leader(*at)) continue;
    others.push_back(at->standing.number);
    if (!compat && key(*at) < key(*best)) best = at;
  }
  std::erase(others, best->standing.number);
  std::rotate(entries.begin(), best, best + 1);
  return others;
}

/// Those that can't be told apart from the leader by their intervals.
std::vector<int> prefer_among_equivalents(std::vector<Entry>& entries, const Order& order, bool compat) {
  const Standing leader = entries.front().standing;
  const auto is_same = [&](const Entry& e) {
    if (order.group(e.standing) != order.group(leader)) return false;
    return compat ? leader.score && e.standing.score == leader.score : is_equivalent(e.standing, leader);
  };
  return prefer_cheapest(entries, is_same, compat);
}

/// Those still in the race that are behind its leader by no more than is worth a change.
void prefer_among_raced(std::vector<Entry>& entries, const Order& order) {
  const Standing leader = entries.front().standing;
  const auto is_same = [&](const Entry& e) {
    return e.race_place && order.group(e.standing) == order.group(leader) && leader.score && !e.unsteady &&
           e.standing.score && *e.standing.score - *leader.score <= worth_a_change * std::abs(*leader.score);
  };
  prefer_cheapest(entries, is_same, false);
}

/// The others that the race left in.
std::vector<int> still_in_beside(const std::vector<Entry>& entries, const Order& order) {
  std::vector<int> others;
  for (auto at = entries.begin() + 1; at != entries.end(); ++at) {
    if (at->race_place && order.group(at->standing) == order.group(entries.front().standing))
      others.push_back(at->standing.number);
  }
  return others;
}

}  // namespace

std::optional<Interval> raced_interval(std::span<const double> values) {
  const auto measured = mean_interval(values);
  if (!measured) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  const double least = t_quantile_975(values.size() - 1) * least_noise * std::abs(mean) / std::sqrt(n);
  return Interval{std::min(measured->low, mean - least), std::max(measured->high, mean + least)};
}

bool is_equivalent(const Standing& a, const Standing& b) {
  if (!a.score || !b.score) return false;
  if (*a.score == *b.score) return true;
  return a.interval && b.interval && a.interval->low <= b.interval->high &&
         b.interval->low <= a.interval->high;
}

Choice choose(const std::vector<Contender>& contenders, bool reference_compat, const RaceOutcome* race) {
  Choice choice;
  auto entries = entries_of(contenders, race);
  if (entries.empty()) return choice;
  const Order order(reference_compat);
  std::ranges::sort(entries, order);
  if (entries.front().standing.rank <= missed && entries.front().standing.whole) {
    if (entries.front().race_place) {
      prefer_among_raced(entries, order);
      choice.equivalent = still_in_beside(entries, order);
    } else {
      choice.equivalent = prefer_among_equivalents(entries, order, reference_compat);
    }
    choice.best = entries.front().standing.number;
    choice.fastest_single = fastest_single(entries, entries.front(), order);
    if (entries.size() > 1 && entries[1].standing.rank <= missed && entries[1].standing.whole)
      choice.runner_up = entries[1].standing.number;
  } else if (entries.front().standing.rank == violated) {
    choice.nearest_miss = entries.front().standing.number;
  }
  for (auto& entry : entries) choice.order.push_back(std::move(entry.standing));
  return choice;
}

std::optional<std::string> why_not_comparable(const Batch& a, const Batch& b) {
  if (a.scenario != b.scenario) return fmt::format("different scenarios: {} and {}", a.scenario, b.scenario);
  // In an open loop the number in flight is a result, not a setting.
  if (a.request_rate != b.request_rate || (!a.request_rate && a.num_concurrency != b.num_concurrency)) {
    return fmt::format("different load: {} and {}", to_text_of_point(a), to_text_of_point(b));
  }
  for (const auto* batch : {&a, &b}) {
    if (batch->audit.trust != Trust::invalid) continue;
    const auto invalid = std::ranges::find(batch->audit.findings, Trust::invalid, &Finding::trust);
    return fmt::format("one measurement is invalid: {}",
                       invalid == batch->audit.findings.end() ? "its audit failed" : invalid->text);
  }
  // A window is a time or an amount of work: runs that end after so many requests last as long as they are
  // slow. Two runs that the same time limit ended count up to their last finished request, so they may differ
  // by what a request takes.
  const auto apart = [](double x, double y, double slack) {
    return std::abs(x - y) > std::max(0.05 * std::max(x, y), slack);
  };
  const bool both_timed = a.stopped == "max_time" && b.stopped == "max_time";
  const auto request_seconds = [](const Batch& batch) {
    return batch.stat("e2e_latency", "max").value_or(0);
  };
  const double slack = both_timed ? std::max(request_seconds(a), request_seconds(b)) : 0;
  if (apart(a.run_duration, b.run_duration, slack) && apart(a.num_requests, b.num_requests, 0)) {
    return fmt::format("different windows: {:.3g} s with {} requests and {:.3g} s with {}", a.run_duration,
                       a.num_requests, b.run_duration, b.num_requests);
  }
  const double errors_a = 100 * (1 - a.success_rate());
  const double errors_b = 100 * (1 - b.success_rate());
  if (std::abs(errors_a - errors_b) > 0.5) {
    return fmt::format("different error rates: {:.3g} % and {:.3g} %", errors_a, errors_b);
  }
  return std::nullopt;
}

}  // namespace autotuner::metrics
