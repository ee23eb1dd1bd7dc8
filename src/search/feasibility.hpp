#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/gp_ground.hpp"
#include "search/memory_threshold.hpp"
#include "search/metric_model.hpp"
#include "search/suspicion.hpp"

namespace autotuner::search {

/// A trial with what was known of its point before.
struct Sample {
  const Trial* trial = nullptr;
  const Prospect* prospect = nullptr;
};

/// Whether a point will run at all, apart from how good it is: what failed is no bad score.
///
/// Four parts. *Dominance*: memory that ran out under load or in graph capture runs out again wherever every
/// parameter takes at least as much of it; where the cache found no room, it finds none with the same or a
/// smaller share and at least as much of the rest. A *threshold* on the memory margin of the prior.
/// *Suspicion* of the combinations that failed points have and no success has. And a *classifier*: a Gaussian
/// process over -1 and 1, for what changes smoothly. The chances are multiplied.
class Feasibility {
 public:
  explicit Feasibility(const GpGround& ground);

  /// Finished trials, by ascending number.
  void learn(std::span<const Sample> samples);
  void judge();
  void believe(const Prospect& prospect) { model_.believe(prospect.features, 0); }
  void forget_beliefs() { model_.forget_beliefs(); }

  bool has_failures() const { return failures_ > 0; }
  /// Of position `index` in the pool; needs judge().
  bool rules_out(std::size_t index) const { return ruled_out_[index]; }
  double probability(std::size_t index) const;
  /// The part of it that costs nothing: all but the classifier.
  double innocence(std::size_t index) const { return innocence_[index]; }
  /// Of any point.
  bool rules_out(const space::Point& point) const;
  double probability(const Prospect& prospect) const;
  std::vector<double> probabilities(std::span<const Prospect> prospects) const;

 private:
  using Footprint = std::vector<double>;
  struct Failed {
    Footprint footprint;
    Failure failure = Failure::other;
    bool operator==(const Failed&) const = default;
  };

  bool dominated(const double* footprint, const Failed& failed) const;
  void suspect(std::span<const Sample> samples);
  static double probability_of(const Gaussian& belief);
  double innocence(const Prospect& prospect) const;

  const GpGround& ground_;
  MetricModel model_;
  MemoryThreshold threshold_;
  struct Suspect {
    std::vector<std::uint32_t> values;
    Suspicion suspicion;
  };
  std::vector<Suspect> suspects_;
  std::vector<double>
      innocence_;  ///< of the pool: chance to fail for none of the suspected reasons, and to fit
  std::vector<Failed> out_of_memory_;
  std::vector<bool> ruled_out_;
  std::size_t failures_ = 0;
};

}  // namespace autotuner::search
