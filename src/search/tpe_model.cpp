#include "search/tpe_model.hpp"

#include <algorithm>
#include <limits>

namespace autotuner::search {
namespace {

constexpr int candidates = 24;
constexpr std::size_t max_good = 25;

/// The coordinates of a group, if the point has all of them.
std::optional<std::vector<double>> row_of(const std::vector<std::optional<double>>& coordinates,
                                          const std::vector<std::size_t>& dimensions) {
  std::vector<double> row;
  for (const auto dimension : dimensions) {
    if (!coordinates[dimension]) return std::nullopt;
    row.push_back(*coordinates[dimension]);
  }
  return row;
}

Parzen fitted(const Domain& domain, const std::vector<std::size_t>& dimensions,
              const std::vector<space::Point>& points, bool joint) {
  std::vector<const Dimension*> columns;
  columns.reserve(dimensions.size());
  for (const auto dimension : dimensions) columns.push_back(&domain.dimensions()[dimension]);
  std::vector<std::vector<double>> rows;
  for (const auto& point : points) {
    if (auto row = row_of(domain.coordinates(point), dimensions)) rows.push_back(std::move(*row));
  }
  return {std::move(columns), rows, joint ? Bandwidth::scott : Bandwidth::gaps};
}

}  // namespace

SplitTrials split_trials(const std::map<int, Trial>& trials, const std::vector<space::Point>& pending) {
  std::vector<const Trial*> ranked;
  for (const auto& [number, trial] : trials) {
    if (trial.finished) ranked.push_back(&trial);
  }
  std::ranges::sort(ranked, [](const Trial* a, const Trial* b) {
    return better(*a, *b) || (!better(*b, *a) && a->number < b->number);
  });
  ranked.resize(std::min((ranked.size() + 9) / 10, max_good));
  SplitTrials split;
  for (const auto& [number, trial] : trials) {
    const bool is_good = std::ranges::find(ranked, &trial) != ranked.end();
    (is_good ? split.good : split.other).push_back(trial.point);
  }
  split.other.insert(split.other.end(), pending.begin(), pending.end());
  return split;
}

TpeModel::TpeModel(const Domain& domain, const SplitTrials& trials, bool joint) : domain_(domain) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < domain.dimensions().size(); ++i) {
    if (!domain.dimensions()[i].varies()) continue;
    if (groups.empty() || !joint) groups.emplace_back();
    groups.back().push_back(i);
  }
  for (auto& group : groups) {
    auto l = fitted(domain, group, trials.good, joint);
    auto g = fitted(domain, group, trials.other, joint);
    groups_.push_back({std::move(group), std::move(l), std::move(g)});
  }
}

space::Point TpeModel::draw(base::Random& random) const {
  std::vector<double> coordinates;
  for (const auto& dimension : domain_.dimensions()) coordinates.push_back(dimension.quantile(0));
  for (const auto& group : groups_) {
    std::vector<double> best;
    double best_ratio = -std::numeric_limits<double>::infinity();
    for (int i = 0; i < candidates; ++i) {
      auto drawn = group.l.draw(random);
      const double ratio = group.l.log_density(drawn) - group.g.log_density(drawn);
      if (!best.empty() && !(ratio > best_ratio)) continue;
      best = std::move(drawn);
      best_ratio = ratio;
    }
    for (std::size_t i = 0; i < best.size(); ++i) coordinates[group.dimensions[i]] = best[i];
  }
  return domain_.point(coordinates);
}

double TpeModel::log_ratio(const space::Point& point) const {
  const auto coordinates = domain_.coordinates(point);
  double sum = 0;
  for (const auto& group : groups_) {
    if (const auto row = row_of(coordinates, group.dimensions))
      sum += group.l.log_density(*row) - group.g.log_density(*row);
  }
  return sum;
}

}  // namespace autotuner::search
