#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/random.hpp"
#include "search/domain.hpp"
#include "search/strategy.hpp"

namespace autotuner::search {

/// The points that may run and were not taken yet. A *finite* region knows them all; an *open* one (a
/// continuum, or more points than can be listed) judges each point when it is drawn.
class Region {
 public:
  /// All points of the grid in its order. Errors: as space::enumerate, or no valid point.
  static base::Result<Region> grid(const space::Space& space, const space::PointRules& rules,
                                   const Options& options);
  /// Finite if the domain is small enough. Errors: no valid point (in an open region: none in thousands of
  /// draws).
  static base::Result<Region> sampled(const space::Space& space, const space::PointRules& rules,
                                      const Options& options);

  const Domain& domain() const { return domain_; }
  bool is_finite() const { return finite_; }
  /// Of a finite region: distinct valid points, and how many of them are free.
  std::size_t size() const { return listing_->candidates.items.size(); }
  std::size_t left() const { return left_; }
  /// The free points of a finite region, in order, at most `limit`; a random choice of them if there are
  /// more.
  std::vector<const space::Candidate*> free_candidates(std::size_t limit, base::Random& random) const;
  /// The first free point of a finite region in its order.
  const space::Candidate* first_free();
  /// Of a finite region, by position in its order.
  const space::Candidate& item(std::size_t position) const { return listing_->candidates.items[position]; }
  bool is_free(std::size_t position) const { return !taken_[position]; }

  /// What to run for this point, or nothing if it can't run or was taken.
  std::optional<space::Candidate> admit(const space::Point& point) const;
  /// A free point from the parameters' own distributions, or nothing if none was found.
  std::optional<space::Candidate> draw(base::Random& random) const;

  /// What points that are one and the same to the engine have in common.
  std::string identity_of(const space::Point& point) const;
  /// Of an open region.
  const std::unordered_set<std::string>& taken_identities() const { return taken_identities_; }

  /// Marks a point, and those equal to it, as used. Points from elsewhere are ignored.
  void take(const space::Point& point);
  /// Nothing is taken any more. Counted, so that whoever remembers a position in the region can tell.
  void clear();
  std::size_t times_cleared() const { return times_cleared_; }

 private:
  /// The values of one grid dimension, by identity.
  struct Axis {
    std::string name;
    std::size_t count = 0;
    std::unordered_map<std::string, std::size_t> positions;
  };

  Region(space::Space space, space::PointRules rules, Options options);
  base::Result<Region> listed(const space::Space& grid, space::GridOrder order) &&;
  base::Result<Region> checked() &&;
  static std::optional<std::size_t> grid_index(const std::vector<Axis>& axes, const space::Point& point);
  std::optional<std::size_t> free_item(const space::Point& point) const;

  /// All points of a finite region.
  struct Listing {
    space::Candidates candidates;
    std::vector<Axis> axes;
    /// Only where points may run several times (Dedupe::none): all items with the point of the first of them.
    std::unordered_map<std::size_t, std::vector<std::size_t>> twins;
  };

  space::Space space_;
  space::PointRules rules_;
  Options options_;
  Domain domain_;
  bool finite_ = false;
  // Shared among copies: it is large and never changes.
  std::shared_ptr<const Listing> listing_ = std::make_shared<const Listing>();
  std::vector<bool> taken_;
  std::size_t left_ = 0;
  std::size_t cursor_ = 0;
  std::unordered_set<std::string> taken_identities_;
  std::size_t times_cleared_ = 0;
};

}  // namespace autotuner::search
