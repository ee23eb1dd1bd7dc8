#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/constraint.hpp"
#include "space/parameter.hpp"
#include "space/point.hpp"

namespace autotuner::space {

/// What the task lets vary, as the user wrote it: folded, not yet checked against an engine.
struct Space {
  std::vector<Parameter> parameters;
  std::vector<Constraint> constraints;
  bool operator==(const Space&) const = default;
};

/// Points of the full Cartesian product; nothing when a parameter has no finite grid; saturates at 2^63.
std::optional<std::uint64_t> grid_size(const Space& space);

/// Point `index` of the Cartesian product in key order, last key fastest. Parameters without values are left
/// out. index < grid_size.
Point grid_point(const Space& space, std::uint64_t index);

enum class Dedupe {
  resolved,  ///< points with the same identity (the engine would get the same flags) run once
  exact,     ///< equal points run once
  none,
};

enum class GridOrder { lexicographic, shuffled, halton };

/// What the engine says about points; the space itself knows no engine.
struct PointRules {
  /// Why the point can't run, or nothing.
  std::function<std::optional<std::string>(const Point&)> why_invalid;
  /// Equal for points that resolve to the same flags.
  std::function<std::string(const Point&)> identity;
};

/// Points that were taken out, by reason.
struct Exclusion {
  std::string reason;
  std::uint64_t count = 0;
  Point example;
};

/// A point that runs, and the equal ones that it stands for.
struct Candidate {
  Point point;
  std::vector<Point> covers;
};

/// The points of a finite space that may run: valid ones, equal ones once, in grid order.
struct Candidates {
  std::vector<Candidate> items;
  std::uint64_t points = 0;  ///< of the full product
  std::uint64_t valid = 0;
  std::vector<Exclusion> excluded;
};

/// Errors: invalid_input if the space is not finite or has more than `limit` points.
base::Result<Candidates> enumerate(const Space& space, const PointRules& rules, Dedupe dedupe, GridOrder order,
                                   std::uint64_t seed, std::uint64_t limit = 1'000'000);

}  // namespace autotuner::space
