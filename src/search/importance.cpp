#include "search/importance.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <ranges>

#include "search/domain.hpp"
#include "search/random_forest.hpp"

namespace autotuner::search {
namespace {

constexpr double columns_tried = 5.0 / 6;
constexpr double together = 0.8;
/// Values over which a parameter is averaged at most: one bit each.
constexpr std::size_t most_support = 64;
constexpr std::size_t most_levels = 12;
constexpr std::size_t most_rows = 512;  ///< that a level is averaged over

/// A parameter as a column of trees, with the values that averages run over.
struct Axis {
  const Dimension* dimension = nullptr;
  std::size_t index = 0;
  bool is_list_of_numbers = false;
  std::size_t categories = 0;
  std::vector<double> support;  ///< cells

  double cell(double coordinate) const {
    if (is_list_of_numbers) return *dimension->value(coordinate).as_number();
    return dimension->form() == Dimension::Form::categorical ? coordinate : dimension->to_axis(coordinate);
  }
};

std::vector<double> thinned(std::vector<double> values) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  if (values.size() <= most_support) return values;
  std::vector<double> few;
  few.reserve(most_support);
  for (std::size_t i = 0; i < most_support; ++i)
    few.push_back(values[(2 * i + 1) * values.size() / (2 * most_support)]);
  return few;
}

Axis axis_of(const Dimension& dimension, std::size_t index) {
  Axis axis{&dimension, index, false, 0, {}};
  std::vector<double> coordinates;
  if (dimension.form() == Dimension::Form::categorical) {
    for (std::uint64_t i = 0; i < dimension.count(); ++i) coordinates.push_back(static_cast<double>(i));
    axis.is_list_of_numbers = std::ranges::all_of(
        coordinates, [&](double at) { return dimension.value(at).as_number().has_value(); });
    if (!axis.is_list_of_numbers && dimension.count() <= most_support) axis.categories = dimension.count();
  } else {
    for (std::size_t i = 0; i < most_support; ++i)
      coordinates.push_back(
          dimension.quantile((static_cast<double>(i) + 0.5) / static_cast<double>(most_support)));
  }
  for (auto& coordinate : coordinates) coordinate = axis.cell(coordinate);
  axis.support = thinned(std::move(coordinates));
  return axis;
}

/// A leaf: which values of each axis fall into it, one bit each, and its share of the space.
struct Box {
  std::vector<std::uint64_t> values;
  double mean = 0;
  double volume = 0;
};

class Anova {
 public:
  explicit Anova(const std::vector<Axis>& axes) : axes_(axes), shares_(axes.size(), 0) {}

  void add(const RegressionTree& tree) {
    boxes_.clear();
    std::vector<std::uint64_t> whole;
    whole.reserve(axes_.size());
    for (const auto& axis : axes_) whole.push_back(~std::uint64_t{0} >> (most_support - axis.support.size()));
    walk(tree.nodes(), 0, std::move(whole));
    double mean = 0;
    for (const auto& box : boxes_) mean += box.volume * box.mean;
    double variance = 0;
    for (const auto& box : boxes_) variance += box.volume * (box.mean - mean) * (box.mean - mean);
    if (!(variance > 0)) return;
    ++counted_;
    for (std::size_t axis = 0; axis < axes_.size(); ++axis)
      shares_[axis] += main_effect(axis, mean) / variance;
  }

  double share(std::size_t axis) const {
    return counted_ == 0 ? 0 : std::clamp(shares_[axis] / static_cast<double>(counted_), 0.0, 1.0);
  }

 private:
  double part(std::size_t axis, std::uint64_t values) const {
    return static_cast<double>(std::popcount(values)) / static_cast<double>(axes_[axis].support.size());
  }

  void walk(std::span<const RegressionTree::Node> nodes, std::size_t at, std::vector<std::uint64_t> values) {
    const auto& node = nodes[at];
    if (node.left == 0) {
      double volume = 1;
      for (std::size_t axis = 0; axis < axes_.size(); ++axis) volume *= part(axis, values[axis]);
      if (volume > 0) boxes_.push_back({std::move(values), node.mean, volume});
      return;
    }
    const auto& support = axes_[node.column].support;
    std::uint64_t left = 0;
    for (std::size_t i = 0; i < support.size(); ++i) {
      if (node.goes_left(support[i])) left |= std::uint64_t{1} << i;
    }
    auto right = values;
    right[node.column] &= ~left;
    values[node.column] &= left;
    walk(nodes, node.left, std::move(values));
    walk(nodes, node.left + 1, std::move(right));
  }

  double main_effect(std::size_t axis, double mean) const {
    const auto count = axes_[axis].support.size();
    std::vector<double> marginal(count, 0);
    for (const auto& box : boxes_) {
      const double rest = box.volume / part(axis, box.values[axis]);
      for (std::size_t i = 0; i < count; ++i) {
        if (((box.values[axis] >> i) & 1U) != 0) marginal[i] += rest * box.mean;
      }
    }
    double sum = 0;
    for (const double value : marginal) sum += (value - mean) * (value - mean);
    return sum / static_cast<double>(count);
  }

  const std::vector<Axis>& axes_;
  std::vector<Box> boxes_;
  std::vector<double> shares_;
  std::size_t counted_ = 0;
};

/// What was measured, by point that has every parameter.
struct Measured {
  std::vector<std::vector<double>> coordinates;
  std::vector<double> values;
};

Measured complete(const Domain& domain, std::span<const space::Point> points,
                  std::span<const double> values) {
  Measured measured;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto known = domain.coordinates(points[i]);
    if (!std::isfinite(values[i]) || std::ranges::any_of(known, [](const auto& c) { return !c.has_value(); }))
      continue;
    std::vector<double> row;
    row.reserve(known.size());
    for (const auto& coordinate : known) row.push_back(*coordinate);
    measured.coordinates.push_back(std::move(row));
    measured.values.push_back(values[i]);
  }
  return measured;
}

/// Ascending, each once, thinned evenly with both ends in.
std::vector<double> levels_of(std::vector<double> coordinates) {
  std::ranges::sort(coordinates);
  coordinates.erase(std::ranges::unique(coordinates).begin(), coordinates.end());
  if (coordinates.size() <= most_levels) return coordinates;
  std::vector<double> few;
  few.reserve(most_levels);
  for (std::size_t i = 0; i < most_levels; ++i)
    few.push_back(coordinates[i * (coordinates.size() - 1) / (most_levels - 1)]);
  return few;
}

/// Each trial's cells, row after row.
struct Rows {
  std::span<const double> cells;
  std::size_t columns = 0;
  std::size_t count() const { return cells.size() / columns; }
};

/// The mean over the trials with `cell` in `column`, by tree; then its mean and deviation over the trees.
EffectLevel level_at(const RandomForest& forest, const Rows& rows, std::size_t column, double cell) {
  const auto used = std::min(rows.count(), most_rows);
  std::vector<double> row(rows.columns);
  std::vector<double> sums(forest.trees().size(), 0);
  for (std::size_t i = 0; i < used; ++i) {
    const auto from = rows.cells.subspan(i * rows.count() / used * rows.columns, rows.columns);
    std::ranges::copy(from, row.begin());
    row[column] = cell;
    for (std::size_t t = 0; t < sums.size(); ++t) sums[t] += forest.trees()[t].leaf(row.data()).mean;
  }
  const auto trees = static_cast<double>(sums.size());
  EffectLevel level;
  for (auto& sum : sums) level.mean += (sum /= static_cast<double>(used)) / trees;
  double squares = 0;
  for (const double mean : sums) squares += (mean - level.mean) * (mean - level.mean);
  level.deviation = std::sqrt(squares / std::max(1.0, trees - 1));
  return level;
}

std::vector<EffectLevel> levels(const RandomForest& forest, const Rows& rows, std::size_t column,
                                const Axis& axis, const Measured& measured) {
  std::vector<double> tried;
  tried.reserve(measured.coordinates.size());
  for (const auto& coordinates : measured.coordinates) tried.push_back(coordinates[axis.index]);
  std::vector<EffectLevel> result;
  for (const double coordinate : levels_of(std::move(tried))) {
    result.push_back(level_at(forest, rows, column, axis.cell(coordinate)));
    result.back().value = space::to_text(axis.dimension->value(coordinate));
  }
  return result;
}

std::vector<double> ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::ranges::copy(std::views::iota(std::size_t{0}, values.size()), order.begin());
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> result(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) result[order[i]] = static_cast<double>(begin + end - 1) / 2;
    begin = end;
  }
  return result;
}

}  // namespace

double rank_correlation(std::span<const double> a, std::span<const double> b) {
  const auto x = ranks(a);
  const auto y = ranks(b);
  const double middle = (static_cast<double>(x.size()) - 1) / 2;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - middle) * (x[i] - middle);
    yy += (y[i] - middle) * (y[i] - middle);
    xy += (x[i] - middle) * (y[i] - middle);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

std::optional<Importance> importance(const space::Space& space, std::span<const space::Point> points,
                                     std::span<const double> values, std::size_t trees) {
  const Domain domain(space);
  const auto measured = complete(domain, points, values);
  const auto n = measured.values.size();
  if (n < least_successes) return std::nullopt;
  std::vector<Axis> axes;
  std::vector<std::vector<double>> cells_of;
  for (std::size_t i = 0; i < domain.dimensions().size(); ++i) {
    if (!domain.dimensions()[i].varies()) continue;
    auto axis = axis_of(domain.dimensions()[i], i);
    std::vector<double> cells;
    cells.reserve(n);
    for (const auto& row : measured.coordinates) cells.push_back(axis.cell(row[i]));
    if (std::ranges::all_of(cells, [&](double cell) { return cell == cells.front(); })) continue;
    axes.push_back(std::move(axis));
    cells_of.push_back(std::move(cells));
  }
  if (axes.empty()) return std::nullopt;

  std::vector<std::size_t> categories;
  categories.reserve(axes.size());
  std::vector<double> cells;
  cells.reserve(n * axes.size());
  for (const auto& axis : axes) categories.push_back(axis.categories);
  for (std::size_t row = 0; row < n; ++row) {
    for (const auto& column : cells_of) cells.push_back(column[row]);
  }
  RandomForest::Settings settings;
  settings.trees = trees;
  settings.tree.columns_tried = columns_tried;
  Anova anova(axes);
  const RandomForest forest(TreeTable(categories, cells, measured.values), settings);
  for (const auto& tree : forest.trees()) anova.add(tree);

  Importance result{n, {}, {}};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    result.effects.push_back({axes[i].dimension->name(), anova.share(i),
                              levels(forest, {cells, axes.size()}, i, axes[i], measured)});
    for (std::size_t j = i + 1; j < axes.size(); ++j) {
      const double correlation = rank_correlation(cells_of[i], cells_of[j]);
      if (std::abs(correlation) > together)
        result.entangled.push_back({axes[i].dimension->name(), axes[j].dimension->name(), correlation});
    }
  }
  std::ranges::stable_sort(result.effects, std::greater(), &Effect::share);
  return result;
}

}  // namespace autotuner::search
