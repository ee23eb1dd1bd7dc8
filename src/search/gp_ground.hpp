#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "search/features.hpp"
#include "search/meaning.hpp"
#include "search/region.hpp"
#include "search/surrogate.hpp"

namespace autotuner::search {

/// A point with what is known of it before it is tried.
struct Prospect {
  space::Point point;
  std::vector<double> features;
  std::map<std::string, double> expected = {};  ///< ln of the prior's estimates
  std::optional<double> memory_margin = {};
};

/// Prospects as something to judge at once.
CandidateSet candidates_of(const Features& features, std::span<const Prospect> prospects);

/// What the Gaussian-process strategy reckons once for a space, whatever the seed: the pool of points that it
/// judges at every step, with their features and what the prior expects of them. The pool is the whole of a
/// finite region up to 50,000 points, else 4,000 draws.
class GpGround {
 public:
  GpGround(const space::Space& space, const Region& region, const Problem& problem);

  const Problem& problem() const { return problem_; }
  const Features& features() const { return features_; }
  /// Whether the pool is all there is.
  bool holds_all() const { return holds_all_; }
  const std::vector<space::Point>& pool() const { return pool_; }
  /// Of a finite region: by position in the pool, that in the region.
  const std::vector<std::size_t>& items() const { return items_; }
  /// Of an open region: where the point of this identity stands in the pool, if it is there.
  std::optional<std::size_t> position_of(const std::string& identity) const;
  const std::shared_ptr<const CandidateSet>& candidates() const { return candidates_; }
  /// By position in the pool; empty if there is no prior or it has nothing to say of this metric.
  std::span<const double> expected(const std::string& metric) const;
  /// Whether it has of any: a prior that knows memory alone tells nothing of where to begin.
  bool expects_metrics() const { return !expected_.empty(); }
  /// By position in the pool, NaN = not known; empty where none is.
  std::span<const double> margins() const { return margins_; }
  Prospect prospect(const space::Point& point) const;

  /// Parameters whose values say how much memory a point takes, and those that must be equal for two points
  /// to be compared by it.
  struct MemoryAxis {
    std::string parameter;
    int direction = 0;  ///< 1: more takes more; -1: more takes less; 0: must be equal
    bool is_fraction = false;
    bool is_graph = false;
  };
  const std::vector<MemoryAxis>& memory_axes() const { return axes_; }
  /// What a point asks of the memory, by axis. Values without a number are told apart by a hash, which only
  /// equality looks at.
  std::vector<double> footprint(const space::Point& point) const;
  /// Of the pool, row after row.
  std::span<const double> footprints() const { return footprints_; }
  /// Parameters whose values are compared, 24 at most (`Suspicion`).
  const std::vector<std::string>& parameters() const { return parameters_; }
  /// Of the pool, row after row: a number for the value of each parameter, equal for equal values.
  std::span<const std::uint32_t> value_numbers() const { return value_numbers_; }
  /// The same of any point; values that no point of the pool has get a number by their hash that none there
  /// has.
  std::vector<std::uint32_t> numbers_of(const space::Point& point) const;
  /// Whether the space is that of a server that can run out of memory: a crash then costs more than a trial.
  bool is_server() const;

 private:
  std::vector<space::Point> points_of(const Region& region);
  void number_values();

  Problem problem_;
  bool holds_all_ = false;
  std::vector<std::size_t> items_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::vector<space::Point> pool_;
  Features features_;
  std::shared_ptr<const CandidateSet> candidates_;
  std::map<std::string, std::vector<double>> expected_;
  std::vector<double> margins_;
  std::vector<MemoryAxis> axes_;
  std::vector<double> footprints_;
  std::vector<std::string> parameters_;
  std::vector<std::uint32_t> value_numbers_;
  std::unordered_map<std::string, std::uint32_t> number_of_value_;
};

}  // namespace autotuner::search
