#include "search/frontier.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/acquisition.hpp"

namespace autotuner::search {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// ln(e^a - e^b), a >= b.
double log_difference(double a, double b) {
  if (b == -infinite) return a;
  const double gap = b - a;
  return gap < 0 ? a + std::log(-std::expm1(gap)) : -infinite;
}

double log_sum(std::span<const double> logs) {
  const double most = *std::ranges::max_element(logs);
  if (most == -infinite) return most;
  double sum = 0;
  for (const double x : logs) sum += std::exp(x - most);
  return most + std::log(sum);
}

/// By row, how far its neighbours on both sides are apart, in shares of the range, over all objectives.
std::vector<double> crowding(std::span<const Values> rows) {
  std::vector<double> distances(rows.size(), 0);
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t k = 0; !rows.empty() && k < rows.front().size(); ++k) {
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return rows[i][k]; });
    const double range = rows[order.back()][k] - rows[order.front()][k];
    distances[order.front()] = distances[order.back()] = infinite;
    for (std::size_t i = 1; range > 0 && i + 1 < order.size(); ++i)
      distances[order[i]] += (rows[order[i + 1]][k] - rows[order[i - 1]][k]) / range;
  }
  return distances;
}

/// Positions of the rows, best first.
std::vector<std::size_t> by_rank_and_crowding(const std::vector<Values>& rows) {
  std::vector<std::size_t> left(rows.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  std::vector<std::size_t> order;
  while (!left.empty()) {
    std::vector<Values> values;
    values.reserve(left.size());
    for (const auto i : left) values.push_back(rows[i]);
    auto front = non_dominated(values);
    std::vector<Values> front_values;
    front_values.reserve(front.size());
    for (const auto i : front) front_values.push_back(values[i]);
    const auto distances = crowding(front_values);
    std::vector<std::size_t> places(front.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, std::greater(), [&](std::size_t i) { return distances[i]; });
    for (const auto place : places) order.push_back(left[front[place]]);
    for (std::size_t i = front.size(); i-- > 0;)
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(front[i]));
  }
  return order;
}

}  // namespace

bool dominates(const Values& a, const Values& b) {
  bool better = false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] < b[k]) return false;
    better = better || a[k] > b[k];
  }
  return better;
}

std::vector<std::size_t> non_dominated(std::span<const Values> rows) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto covers = [&](std::size_t j) { return rows[j] == rows[i] || dominates(rows[j], rows[i]); };
    if (std::ranges::any_of(front, covers)) continue;
    std::erase_if(front, [&](std::size_t j) { return dominates(rows[i], rows[j]); });
    front.push_back(i);
  }
  return front;
}

Values log_values(const Trial& trial, std::span<const Objective> objectives) {
  if (!trial.finished || trial.rank == TrialClass::failed) return {};
  Values values;
  for (const auto& objective : objectives) {
    const auto found = trial.metrics.find(objective.metric);
    if (found == trial.metrics.end() || !std::isfinite(found->second) || found->second <= 0) return {};
    values.push_back(objective.direction == Direction::maximize ? std::log(found->second)
                                                                : -std::log(found->second));
  }
  return values;
}

Frontier::Frontier(std::vector<Values> rows, Values reference) : reference_(std::move(reference)) {
  std::erase_if(rows, [&](const Values& row) {
    for (std::size_t k = 0; k < reference_.size(); ++k) {
      if (!(row[k] > reference_[k])) return true;
    }
    return false;
  });
  for (const auto i : non_dominated(rows)) points_.push_back(rows[i]);
  std::vector<std::size_t> all(points_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  Box whole;
  for (std::size_t k = 0; k < reference_.size(); ++k) {
    Values edges{reference_[k], infinite};
    for (const auto& point : points_) edges.push_back(point[k]);
    std::ranges::sort(edges);
    const auto [first, last] = std::ranges::unique(edges);
    edges.erase(first, last);
    whole.low.push_back(0);
    whole.high.push_back(edges.size() - 1);
    edges_.push_back(std::move(edges));
  }
  hypervolume_ = covered(all, reference_.size());
  divide(std::move(all), reference_.size(), whole);
}

/// Of the box, in the first `objectives` objectives, what no one of the points dominates.
void Frontier::divide(std::vector<std::size_t> points, std::size_t objectives, Box box) {
  const auto k = objectives - 1;
  const auto edge_of = [&](std::size_t point) {
    return static_cast<std::size_t>(std::ranges::lower_bound(edges_[k], points_[point][k]) -
                                    edges_[k].begin());
  };
  std::ranges::stable_sort(points, std::greater(), [&](std::size_t i) { return points_[i][k]; });
  if (objectives == 1) {
    if (!points.empty()) box.low[0] = edge_of(points.front());
    boxes_.push_back(std::move(box));
    return;
  }
  // From the top down: in each slab, those count that reach up to its upper edge.
  auto upper = box.high[k];
  for (std::size_t i = 0; i <= points.size(); ++i) {
    const auto lower = i < points.size() ? edge_of(points[i]) : 0;
    if (lower == upper) continue;
    auto slab = box;
    slab.high[k] = upper;
    slab.low[k] = lower;
    divide({points.begin(), points.begin() + static_cast<std::ptrdiff_t>(i)}, k, std::move(slab));
    upper = lower;
  }
}

double Frontier::covered(std::vector<std::size_t> points, std::size_t objectives) const {
  const auto k = objectives - 1;
  if (points.empty()) return 0;
  std::ranges::stable_sort(points, std::greater(), [&](std::size_t i) { return points_[i][k]; });
  if (objectives == 1) return points_[points.front()][0] - reference_[0];
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double lower = i + 1 < points.size() ? points_[points[i + 1]][k] : reference_[k];
    const double height = points_[points[i]][k] - lower;
    if (height > 0)
      sum += height * covered({points.begin(), points.begin() + static_cast<std::ptrdiff_t>(i) + 1}, k);
  }
  return sum;
}

double Frontier::improvement(std::span<const double> values) const {
  double sum = 0;
  for (const auto& box : boxes_) {
    double volume = 1;
    for (std::size_t k = 0; k < values.size() && volume > 0; ++k) {
      const double low = edges_[k][box.low[k]];
      volume *= std::max(0.0, std::min(values[k], edges_[k][box.high[k]]) - low);
    }
    sum += volume;
  }
  return sum;
}

double Frontier::log_expected_improvement(std::span<const Gaussian> beliefs) const {
  std::vector<std::vector<double>> beyond(beliefs.size());  // by objective and edge: ln EI(edge)
  for (std::size_t k = 0; k < beliefs.size(); ++k) {
    for (const double edge : edges_[k])
      beyond[k].push_back(edge == infinite ? -infinite : search::log_expected_improvement(beliefs[k], edge));
  }
  std::vector<double> logs;
  logs.reserve(boxes_.size());
  for (const auto& box : boxes_) {
    double log_volume = 0;
    for (std::size_t k = 0; k < beliefs.size(); ++k)
      log_volume += log_difference(beyond[k][box.low[k]], beyond[k][box.high[k]]);
    logs.push_back(log_volume);
  }
  return log_sum(logs);
}

Values reference_below(std::span<const Values> rows, double least) {
  Values low;
  Values high;
  for (const auto& row : rows) {
    if (low.empty()) low = high = row;
    for (std::size_t k = 0; k < low.size(); ++k) {
      low[k] = std::min(low[k], row[k]);
      high[k] = std::max(high[k], row[k]);
    }
  }
  for (std::size_t k = 0; k < low.size(); ++k) low[k] -= std::max(0.1 * (high[k] - low[k]), least);
  return low;
}

std::map<int, Trial> ranked_by_frontier(const std::map<int, Trial>& trials,
                                        std::span<const Objective> objectives) {
  auto ranked = trials;
  double score = 0;
  for (const auto rank : {TrialClass::met, TrialClass::missed}) {
    std::vector<Values> rows;
    std::vector<Trial*> owners;
    for (auto& [number, trial] : ranked) {
      if (trial.rank != rank || !trial.finished) continue;
      trial.score.reset();
      auto values = log_values(trial, objectives);
      if (values.empty()) continue;
      rows.push_back(std::move(values));
      owners.push_back(&trial);
    }
    for (const auto i : by_rank_and_crowding(rows)) owners[i]->score = score++;
  }
  return ranked;
}

}  // namespace autotuner::search
