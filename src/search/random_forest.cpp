#include "search/random_forest.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::search {
namespace {

/// Rows that are judged by all trees in turn: their sums stay in the cache.
constexpr std::size_t rows_at_once = 512;

struct Sums {
  double mean = 0;
  double square = 0;
  double variance = 0;

  void add(const RegressionTree::Node& leaf, double origin) {
    const double mu = leaf.mean - origin;
    mean += mu;
    square += mu * mu;
    variance += leaf.variance;
  }

  /// sigma^2 = E[sigma_b^2] + E[mu_b^2] - mu^2
  Gaussian over(double trees, double origin) const {
    const double mu = mean / trees;
    return {origin + mu, std::sqrt(std::max(0.0, variance / trees + square / trees - mu * mu))};
  }
};

}  // namespace

RandomForest::RandomForest(const TreeTable& table, const Settings& settings) : columns_(table.columns()) {
  trees_.reserve(settings.trees);
  base::Random random(settings.seed, settings.stream);
  const auto last = static_cast<std::int64_t>(table.rows()) - 1;
  for (std::size_t tree = 0; tree < settings.trees; ++tree) {
    std::vector<std::uint32_t> sample(table.rows());
    for (auto& row : sample) row = static_cast<std::uint32_t>(random.integer(0, last));
    trees_.emplace_back(table, std::move(sample), settings.tree, random);
  }
}

Gaussian RandomForest::at(std::span<const double> row) const {
  // Squares of differences from any prediction lose no digits, whatever the size of the targets.
  const double origin = trees_.front().leaf(row.data()).mean;
  Sums sums;
  for (const auto& tree : trees_) sums.add(tree.leaf(row.data()), origin);
  return sums.over(static_cast<double>(trees_.size()), origin);
}

std::vector<Gaussian> RandomForest::at_all(std::span<const double> cells) const {
  std::vector<Gaussian> result;
  if (columns_ == 0) return result;
  const auto rows = cells.size() / columns_;
  result.reserve(rows);
  const double origin = trees_.front().nodes().front().mean;
  for (std::size_t begin = 0; begin < rows; begin += rows_at_once) {
    const auto count = std::min(rows_at_once, rows - begin);
    std::vector<Sums> sums(count);
    for (const auto& tree : trees_) {
      for (std::size_t i = 0; i < count; ++i) sums[i].add(tree.leaf(&cells[(begin + i) * columns_]), origin);
    }
    for (const auto& sum : sums) result.push_back(sum.over(static_cast<double>(trees_.size()), origin));
  }
  return result;
}

}  // namespace autotuner::search
