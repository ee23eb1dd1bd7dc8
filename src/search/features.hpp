#pragma once

#include <span>
#include <string>
#include <vector>

#include "search/problem.hpp"
#include "space/space.hpp"

namespace autotuner::search {

/// Points as a kernel sees them: by what their values mean. Sizes by their logarithm, everything scaled to
/// [0, 1] over the points it was made for, a category as one column per value (1 / sqrt(2) where it holds, so
/// that two different values are at distance 1: the Hamming distance), a number that stands for "off" (0
/// beside numbers above it) also as a column of its own, how often 2 divides a listed whole number, and what
/// the constraints reckon with (the product of the parallel sizes, threads of a block).
///
/// Hardware works in powers of two (warps, cache lines, banks, tiles): 96 can be more like 32 than like 97.
/// With size and exponent of 2 both known, a smooth kernel sees that too. Only where the odd parts of the
/// list differ, else its sizes say the same.
class Features {
 public:
  /// `points`: those that the columns are scaled over. Columns that are constant there are left out.
  Features(const space::Space& space, const Problem& problem, std::span<const space::Point> points);

  std::size_t columns() const { return columns_.size(); }
  /// By column, the group that shares one length scale: one for each parameter or quantity.
  const std::vector<std::size_t>& groups() const { return group_of_; }
  std::size_t group_count() const { return names_.size(); }
  const std::string& name(std::size_t group) const { return names_[group]; }
  /// By column. What the point lacks is at the middle.
  std::vector<double> of(const space::Point& point) const;

 private:
  enum class Form { number, exponent_of_two, is_value };
  struct Column {
    std::string parameter;  ///< empty for a quantity
    space::Quantity quantity = {};
    Form form = Form::number;
    bool log = false;
    double floor = 0;         ///< of a logarithm: smaller numbers count as this
    space::Value value = {};  ///< of is_value
    double height = 1;        ///< of is_value where it holds
    double low = 0;
    double high = 1;
  };

  static double raw(const Column& column, const space::Point& point, double otherwise);
  void add_names(const std::string& parameter, std::span<const space::Value> values,
                 std::span<const space::Point> points);
  void add_numbers(const space::Parameter& parameter, std::span<const space::Value> values, bool log,
                   std::span<const space::Point> points);
  void add_quantity(space::Quantity quantity, std::span<const space::Point> points);
  void add_group(const std::string& name, std::vector<Column> columns, std::span<const space::Point> points);

  std::vector<Column> columns_;
  std::vector<std::size_t> group_of_;
  std::vector<std::string> names_;
};

}  // namespace autotuner::search
