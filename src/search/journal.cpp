#include "search/journal.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::search {
namespace {

/// Scores belong to successes, and what is no number is no score.
Trial cleaned(Trial trial) {
  const bool scored = trial.finished && (trial.rank == TrialClass::met || trial.rank == TrialClass::missed);
  if (!scored || !trial.score || !std::isfinite(*trial.score)) trial.score.reset();
  return trial;
}

}  // namespace

void Journal::suggested(const space::Point& point) {
  pending_.push_back({static_cast<int>(used()) + 1, point});
}

Journal::News Journal::record(const Trial& trial) {
  if (const auto known = trials_.find(trial.number); known != trials_.end()) {
    if (known->second.finished && !trial.finished) return News::nothing_new;
    const bool same = known->second.point == trial.point;
    known->second = cleaned(trial);
    return same ? News::nothing_new : News::other_point;
  }
  trials_.emplace(trial.number, cleaned(trial));
  if (trial.number < 1) return News::nothing_new;
  ++counted_;
  const auto same_point = std::ranges::find(pending_, trial.point, &Pending::point);
  if (same_point != pending_.end()) {
    pending_.erase(same_point);
    return News::nothing_new;
  }
  const auto same_number = std::ranges::find(pending_, trial.number, &Pending::number);
  if (same_number == pending_.end()) return News::new_point;
  pending_.erase(same_number);
  return News::other_point;
}

std::vector<space::Point> Journal::pending() const {
  std::vector<space::Point> points;
  points.reserve(pending_.size());
  for (const auto& pending : pending_) points.push_back(pending.point);
  return points;
}

std::size_t Journal::finished() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(trials_, [](const auto& entry) { return entry.second.finished; }));
}

std::size_t Journal::finished_iterations() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      trials_, [](const auto& entry) { return entry.first > 0 && entry.second.finished; }));
}

}  // namespace autotuner::search
