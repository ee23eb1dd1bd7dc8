#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "space/space.hpp"

namespace autotuner::search {

/// One parameter as samplers see it. A *coordinate* is a position in a list or the number itself; the *axis*
/// is where kernels live: the number, its natural logarithm for `log`.
class Dimension {
 public:
  enum class Form { categorical, integer, real };

  /// Needs a parameter with at least one value.
  explicit Dimension(const space::Parameter& parameter);

  const std::string& name() const { return name_; }
  Form form() const { return form_; }
  /// 0 = a continuum; saturates.
  std::uint64_t count() const { return count_; }
  bool varies() const { return count_ != 1; }

  /// The value at the coordinate, which snap() made.
  space::Value value(double coordinate) const;
  /// Nothing for values that don't belong here; numbers outside the range count as its nearest end.
  std::optional<double> coordinate(const space::Value& value) const;
  /// The coordinate below which a share `u` in [0, 1) of the parameter's own distribution lies: uniform over
  /// positions or numbers, in the logarithm for `log`.
  double quantile(double u) const;

  double axis_low() const { return axis_low_; }
  double axis_high() const { return axis_high_; }
  double to_axis(double coordinate) const;
  /// The nearest coordinate that has a value.
  double from_axis(double x) const;
  /// The ends, on the axis, of the stretch that rounds to an integer's coordinate.
  double cell_low(double coordinate) const;
  double cell_high(double coordinate) const;

 private:
  void set_bounds(const space::Choices& choices);
  void set_bounds(const space::IntegerRange& range);
  void set_bounds(const space::RealRange& range);
  double half_step_below(double coordinate) const;
  std::uint64_t nearest_step(double coordinate) const;

  std::string name_;
  Form form_ = Form::categorical;
  std::uint64_t count_ = 0;
  std::vector<space::Value> choices_;
  space::IntegerRange integers_;
  double step_ = 1;
  double low_ = 0;
  double high_ = 0;
  bool log_ = false;
  int decimals_ = 0;  ///< of a real, so that people can read it
  double axis_low_ = 0;
  double axis_high_ = 0;
};

/// The parameters that have values, in order.
class Domain {
 public:
  explicit Domain(const space::Space& space);

  const std::vector<Dimension>& dimensions() const { return dimensions_; }
  /// Number of different positions; nothing for a continuum; saturates at 2^63.
  std::optional<std::uint64_t> size() const;
  space::Point point(std::span<const double> coordinates) const;
  /// By dimension; nothing where the point has no usable value.
  std::vector<std::optional<double>> coordinates(const space::Point& point) const;

 private:
  std::vector<Dimension> dimensions_;
};

}  // namespace autotuner::search
