#pragma once

#include <utility>
#include <vector>

namespace autotuner::predict {

/// Seconds over a size, from measured places. Sizes and seconds are above 0.
class Curve {
 public:
  struct Place {
    double size = 0, seconds = 0;
    bool operator==(const Place&) const = default;
  };

  Curve() = default;
  /// In any order. Of one size measured more than once the shortest time counts: the engine picks the faster
  /// kernel. Places that are not above 0 are left out.
  explicit Curve(std::vector<Place> places);

  bool empty() const { return places_.empty(); }
  const std::vector<Place>& places() const { return places_; }

  /// Linear between two places; that of the smallest below it, and in proportion to the size beyond the
  /// largest, as a roofline goes there. Requires places.
  double at(double size) const;

  bool operator==(const Curve&) const = default;

 private:
  std::vector<Place> places_;
};

/// Both together at every place of either; empty when one of them is.
Curve operator+(const Curve& a, const Curve& b);
/// The weighted geometric mean a^(1-share) b^share: a point between two of them in a log-log table. Empty
/// when one is that counts.
Curve between(const Curve& a, const Curve& b, double share);
/// With other scales.
Curve scaled(const Curve& curve, double size, double seconds);

/// With numbers of 4 digits.
Curve rounded(const Curve& curve);

/// Curves over a second size, with the same rules.
class Surface {
 public:
  Surface() = default;
  /// In any order, each size once.
  explicit Surface(std::vector<std::pair<double, Curve>> rows);

  bool empty() const { return rows_.empty(); }
  const std::vector<std::pair<double, Curve>>& rows() const { return rows_; }
  /// Requires rows.
  double at(double row, double size) const;

  bool operator==(const Surface&) const = default;

 private:
  std::vector<std::pair<double, Curve>> rows_;
};

Surface rounded(const Surface& surface);

}  // namespace autotuner::predict
