#include "search/regression_tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace autotuner::search {
namespace {

/// Observations of one value in one node.
struct Bin {
  std::uint32_t code = 0;
  double count = 0;
  double sum = 0;
};

struct Split {
  double gain = 0;
  std::size_t column = 0;
  std::uint32_t below = 0;        ///< of a number: code of the last value on the left,
  std::uint32_t above = 0;        ///< and of the first on the right
  std::uint64_t left_values = 0;  ///< of a category
  std::uint64_t seen_values = 0;
};

/// Grows one tree; keeps the buffers.
class Grower {
 public:
  Grower(const TreeTable& table, std::vector<std::uint32_t> sample, const RegressionTree::Settings& settings,
         base::Random& random)
      : table_(table),
        sample_(std::move(sample)),
        settings_(settings),
        random_(random),
        columns_(table.columns()) {
    std::iota(columns_.begin(), columns_.end(), std::size_t{0});
    std::size_t most = 0;
    for (const auto column : columns_) most = std::max(most, table_.codes(column));
    bins_.resize(most);
  }

  std::vector<RegressionTree::Node> grow() {
    struct Open {
      std::uint32_t node;
      std::size_t begin, end;
    };
    std::vector<Open> stack{{0, 0, sample_.size()}};
    nodes_.reserve(2 * sample_.size());
    nodes_.emplace_back();
    while (!stack.empty()) {
      const auto [at, begin, end] = stack.back();
      stack.pop_back();
      const std::span rows(sample_.data() + begin, end - begin);
      if (!summarise(nodes_[at], rows)) continue;
      const auto split = best_split(rows);
      if (!(split.gain > 0)) continue;
      const auto left = static_cast<std::uint32_t>(nodes_.size());
      nodes_[at].left = left;
      const auto middle = begin + divide(nodes_[at], split, rows);
      nodes_.emplace_back();
      nodes_.emplace_back();
      stack.push_back({left + 1, middle, end});
      stack.push_back({left, begin, middle});
    }
    return std::move(nodes_);
  }

 private:
  /// Mean and variance; whether there is something to split.
  bool summarise(RegressionTree::Node& node, std::span<const std::uint32_t> rows) const {
    const auto n = static_cast<double>(rows.size());
    double sum = 0;
    for (const auto row : rows) sum += table_.target(row);
    node.mean = sum / n;
    double squares = 0;
    for (const auto row : rows)
      squares += (table_.target(row) - node.mean) * (table_.target(row) - node.mean);
    node.variance = squares / n;
    const double scale = 1e-24 * std::max(node.mean * node.mean, std::numeric_limits<double>::min());
    return rows.size() >= settings_.least_split && node.variance > scale;
  }

  /// The values that a column has here, ascending by code.
  std::span<Bin> bins(std::size_t column, std::span<const std::uint32_t> rows) {
    const auto codes = table_.codes(column);
    if (rows.size() * 4 < codes) return sorted_bins(column, rows);
    std::fill_n(bins_.begin(), codes, Bin{});
    for (const auto row : rows) {
      auto& bin = bins_[table_.code(column, row)];
      bin.count += 1;
      bin.sum += table_.target(row);
    }
    std::size_t used = 0;
    for (std::uint32_t code = 0; code < codes; ++code) {
      if (bins_[code].count == 0) continue;
      bins_[used] = bins_[code];
      bins_[used++].code = code;
    }
    return {bins_.data(), used};
  }

  /// The same where a node has few rows of many values.
  std::span<Bin> sorted_bins(std::size_t column, std::span<const std::uint32_t> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      bins_[i] = {table_.code(column, rows[i]), 1, table_.target(rows[i])};
    const std::span all(bins_.data(), rows.size());
    std::ranges::sort(all, {}, &Bin::code);
    std::size_t used = 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (all[i].code != all[used].code) {
        all[++used] = all[i];
        continue;
      }
      all[used].count += 1;
      all[used].sum += all[i].sum;
    }
    return all.first(used + 1);
  }

  Split best_split(std::span<const std::uint32_t> rows) {
    const auto wanted = std::max<std::size_t>(
        1, static_cast<std::size_t>(settings_.columns_tried * static_cast<double>(columns_.size()) + 0.5));
    Split best;
    std::size_t tried = 0;
    // Columns that are constant here don't count: a node that can be split is.
    for (std::size_t i = 0; i < columns_.size() && tried < wanted; ++i) {
      const auto last = static_cast<std::int64_t>(columns_.size()) - 1;
      std::swap(columns_[i],
                columns_[static_cast<std::size_t>(random_.integer(static_cast<std::int64_t>(i), last))]);
      const auto values = bins(columns_[i], rows);
      if (values.size() < 2) continue;
      ++tried;
      consider(columns_[i], values, best);
    }
    return best;
  }

  void consider(std::size_t column, std::span<Bin> values, Split& best) const {
    const bool is_category = table_.is_category(column);
    if (is_category) {
      std::ranges::sort(values, [](const Bin& a, const Bin& b) {
        const double x = a.sum * b.count;
        const double y = b.sum * a.count;
        return x < y || (x == y && a.code < b.code);
      });
    }
    double count = 0;
    double sum = 0;
    for (const auto& bin : values) {
      count += bin.count;
      sum += bin.sum;
    }
    double left_count = 0;
    double left_sum = 0;
    std::size_t cut = 0;
    double gain = best.gain;
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
      left_count += values[i].count;
      left_sum += values[i].sum;
      // By how much the sum of squares shrinks: n_l n_r / n (mean_l - mean_r)^2.
      const double right_count = count - left_count;
      const double apart = left_sum / left_count - (sum - left_sum) / right_count;
      const double shrinks = left_count * right_count / count * apart * apart;
      if (!(shrinks > gain)) continue;
      gain = shrinks;
      cut = i + 1;
    }
    if (cut == 0) return;
    best = {gain, column, values[cut - 1].code, values[cut].code, 0, 0};
    if (!is_category) return;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto bit = std::uint64_t{1} << values[i].code;
      best.seen_values |= bit;
      if (i < cut) best.left_values |= bit;
    }
  }

  /// Writes the split down and orders the rows by it; how many go left.
  std::size_t divide(RegressionTree::Node& node, const Split& split, std::span<std::uint32_t> rows) {
    node.column = static_cast<std::uint16_t>(split.column);
    node.is_category = table_.is_category(split.column);
    if (node.is_category) {
      // Values that were not seen here go either way.
      node.left_values = split.left_values | (random_.next() & ~split.seen_values);
    } else {
      const double low = table_.number(split.column, split.below);
      const double high = table_.number(split.column, split.above);
      node.threshold = std::min(random_.uniform(low, high), std::nextafter(high, low));
    }
    const auto right = std::ranges::partition(rows, [&](std::uint32_t row) {
      const auto code = table_.code(split.column, row);
      return node.is_category ? ((split.left_values >> code) & 1U) != 0 : code <= split.below;
    });
    return rows.size() - right.size();
  }

  const TreeTable& table_;
  std::vector<std::uint32_t> sample_;
  RegressionTree::Settings settings_;
  base::Random& random_;
  std::vector<std::size_t> columns_;
  std::vector<Bin> bins_;
  std::vector<RegressionTree::Node> nodes_;
};

}  // namespace

TreeTable::TreeTable(std::vector<std::size_t> categories, std::span<const double> cells,
                     std::vector<double> targets)
    : categories_(std::move(categories)), targets_(std::move(targets)), codes_(cells.size()) {
  numbers_.resize(columns());
  for (std::size_t column = 0; column < columns(); ++column) {
    auto& numbers = numbers_[column];
    if (categories_[column] > most_categories) categories_[column] = 0;
    if (is_category(column)) {
      numbers.resize(categories_[column]);
      std::iota(numbers.begin(), numbers.end(), 0.0);
    } else {
      for (std::size_t row = 0; row < rows(); ++row) numbers.push_back(cells[row * columns() + column]);
      std::ranges::sort(numbers);
      numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
    }
    for (std::size_t row = 0; row < rows(); ++row) {
      const auto at = std::ranges::lower_bound(numbers, cells[row * columns() + column]);
      codes_[column * rows() + row] = static_cast<std::uint32_t>(at - numbers.begin());
    }
  }
}

RegressionTree::RegressionTree(const TreeTable& table, std::vector<std::uint32_t> sample,
                               const Settings& settings, base::Random& random)
    : nodes_(Grower(table, std::move(sample), settings, random).grow()) {}

}  // namespace autotuner::search
