#pragma once

#include <span>
#include <vector>

#include "search/gp_ground.hpp"
#include "search/metric_model.hpp"

namespace autotuner::search {

/// A trial with what was known of its point before.
struct Sample {
  const Trial* trial = nullptr;
  const Prospect* prospect = nullptr;
};

/// Whether a point will run at all, apart from how good it is: what failed is no bad score.
///
/// Two parts. *Dominance*: memory that ran out under load or in graph capture runs out again wherever every
/// parameter takes at least as much of it; where the cache found no room, it finds none with the same or a
/// smaller share and at least as much of the rest. A *classifier*: a Gaussian process over -1 and 1, around
/// an optimism that the memory margin of the prior shifts.
class Feasibility {
 public:
  explicit Feasibility(const GpGround& ground);

  /// Finished trials, by ascending number.
  void learn(std::span<const Sample> samples);
  void judge();
  void believe(const Prospect& prospect) { model_.believe(prospect.features, margin_of(prospect)); }
  void forget_beliefs() { model_.forget_beliefs(); }

  bool has_failures() const { return failures_ > 0; }
  /// Of position `index` in the pool; needs judge().
  bool rules_out(std::size_t index) const { return ruled_out_[index]; }
  double probability(std::size_t index) const;
  /// Of any point.
  bool rules_out(const space::Point& point) const;
  double probability(const Prospect& prospect) const;

 private:
  using Footprint = std::vector<double>;
  struct Failed {
    Footprint footprint;
    Failure failure = Failure::other;
    bool operator==(const Failed&) const = default;
  };

  Footprint footprint(const space::Point& point) const;
  bool dominated(const double* footprint, const Failed& failed) const;
  static double margin_of(const Prospect& prospect);
  static double probability_of(const Gaussian& belief);

  const GpGround& ground_;
  MetricModel model_;
  std::vector<double> margins_;     ///< of the pool, scaled
  std::vector<double> footprints_;  ///< of the pool, row after row
  std::vector<Failed> out_of_memory_;
  std::vector<bool> ruled_out_;
  std::size_t failures_ = 0;
};

}  // namespace autotuner::search
