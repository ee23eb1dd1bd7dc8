#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "search/features.hpp"

namespace autotuner::search {

/// Features as a tree wants them: one column for each group of features, a category being the position of its
/// value.
class TreeColumns {
 public:
  explicit TreeColumns(const Features& features);

  std::size_t size() const { return first_.size(); }
  /// By column: the number of values, 0 for a number.
  const std::vector<std::size_t>& categories() const { return categories_; }
  /// Appends the cells of a row of features.
  void append(std::span<const double> features, std::vector<double>& cells) const;

 private:
  std::vector<std::size_t> first_;       ///< by column, its first feature
  std::vector<std::size_t> width_;       ///< and how many it has
  std::vector<std::size_t> categories_;  ///< one more than features: no value of the space
};

}  // namespace autotuner::search
