#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace autotuner::search {

/// Rows of numbers and what was observed at them, prepared once for all trees of a forest: numbers by their
/// rank among the distinct ones of their column.
class TreeTable {
 public:
  /// Categories beyond this are taken as numbers, by their position.
  static constexpr std::size_t most_categories = 64;

  /// `categories`: by column the number of values, which are then 0, 1, ..., or 0 for numbers. `cells`: row
  /// after row. All numbers must be finite.
  TreeTable(std::vector<std::size_t> categories, std::span<const double> cells, std::vector<double> targets);

  std::size_t rows() const { return targets_.size(); }
  std::size_t columns() const { return categories_.size(); }
  bool is_category(std::size_t column) const { return categories_[column] > 0; }
  std::size_t categories(std::size_t column) const { return categories_[column]; }
  double target(std::size_t row) const { return targets_[row]; }
  /// Rank of a number, or the category.
  std::uint32_t code(std::size_t column, std::size_t row) const { return codes_[column * rows() + row]; }
  std::size_t codes(std::size_t column) const { return numbers_[column].size(); }
  /// The number of a rank.
  double number(std::size_t column, std::size_t code) const { return numbers_[column][code]; }

 private:
  std::vector<std::size_t> categories_;
  std::vector<double> targets_;
  std::vector<std::uint32_t> codes_;          ///< column after column
  std::vector<std::vector<double>> numbers_;  ///< by column, ascending
};

/// A binary tree whose leaves are boxes with a constant in them (Breiman et al. 1984, "Classification and
/// regression trees"). Each split is the one that leaves the least sum of squares, among some columns by
/// chance: a number goes left below a threshold drawn uniformly between its two neighbours (Hutter et al.
/// 2014, "Algorithm runtime prediction", 4.3.2), so that trees differ most where nothing is known; a category
/// goes with those of similar mean, which finds the best of all subsets (Fisher 1958, "On grouping for
/// maximum homogeneity").
class RegressionTree {
 public:
  struct Settings {
    double columns_tried = 0.5;   ///< share of the columns that each split looks at
    std::size_t least_split = 2;  ///< nodes with fewer observations stay leaves
  };
  struct Node {
    std::uint32_t left = 0;  ///< position of the left child, the right one follows; 0 = a leaf
    std::uint16_t column = 0;
    bool is_category = false;
    double threshold = 0;           ///< numbers up to it go left
    std::uint64_t left_values = 0;  ///< bit c: category c goes left
    double mean = 0;                ///< of the observations here
    double variance = 0;

    bool goes_left(double cell) const {
      return is_category ? ((left_values >> static_cast<unsigned>(cell)) & 1U) != 0 : cell <= threshold;
    }
  };

  /// `sample`: rows to learn from, repeated ones count repeatedly; at least one.
  RegressionTree(const TreeTable& table, std::vector<std::uint32_t> sample, const Settings& settings,
                 base::Random& random);

  /// The leaf that a row of cells falls into.
  const Node& leaf(const double* row) const {
    const Node* node = nodes_.data();
    while (node->left != 0) node = &nodes_[node->left + (node->goes_left(row[node->column]) ? 0U : 1U)];
    return *node;
  }
  /// The root first.
  std::span<const Node> nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
};

}  // namespace autotuner::search
