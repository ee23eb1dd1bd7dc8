#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
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

enum class GridOrder {
  lexicographic,  ///< last key fastest
  shuffled,       ///< by the seed
  halton,         ///< spread evenly: every prefix visits all values of every parameter about equally often
};

/// What the engine says about points; the space itself knows no engine. Either may be empty.
struct PointRules {
  /// Why the point can't run, or nothing. Constraints are checked before it.
  std::function<std::optional<std::string>(const Point&)> why_invalid;
  /// Equal for points that resolve to the same flags.
  std::function<std::string(const Point&)> identity;
};

/// Why the point can't run: the first constraint that it breaks, else what the rules say, or nothing.
std::optional<std::string> why_invalid(const Space& space, const PointRules& rules, const Point& point);

/// What tells points apart under `dedupe`: equal exactly for points of which one run is enough.
std::string identity(const PointRules& rules, Dedupe dedupe, const Point& point);

/// Points that were taken out, by reason.
struct Exclusion {
  std::string reason;
  std::uint64_t count = 0;
  Point example;
};

/// Counts points by the reason why they can't run.
class ExclusionTally {
 public:
  void add(std::string reason, const Point& point);
  /// The commonest reason first.
  std::vector<Exclusion> sorted() const;

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<Exclusion> exclusions_;
};

/// "8 x reason (such as tp-size=4); 4 x ..." with at most `limit` reasons, for error messages.
std::string to_text(const std::vector<Exclusion>& exclusions, std::size_t limit = 5);

/// A point that runs, and the equal ones that it stands for: those written with other values, not
/// repetitions.
struct Candidate {
  Point point;
  std::vector<Point> covers;
};

/// The points of a finite space that may run: valid ones, equal ones once, in grid order.
struct Candidates {
  std::vector<Candidate> items;
  std::uint64_t points = 0;         ///< of the full product
  std::uint64_t valid = 0;          ///< of these, equal ones counted each
  std::vector<Exclusion> excluded;  ///< the commonest reason first

  static constexpr std::uint32_t no_item = 0xffffffff;
  /// By grid index: the item that runs the point or stands for it, or no_item.
  std::vector<std::uint32_t> item_of;
};

/// Errors: invalid_input if the space is not finite or has more than `limit` points.
base::Result<Candidates> enumerate(const Space& space, const PointRules& rules, Dedupe dedupe,
                                   GridOrder order, std::uint64_t seed, std::uint64_t limit = 1'000'000);

}  // namespace autotuner::space
