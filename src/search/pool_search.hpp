#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/feasibility.hpp"
#include "search/logged_strategy.hpp"

namespace autotuner::search {

/// "predicted -4.0 % against the best so far, give or take 3.1 %, 98 % likely to run": `against_best` in the
/// logarithm of the score. Where little is known, give or take a factor.
std::string prediction_text(const Gaussian& against_best, double probability);

/// What strategies share that judge a pool of points by a model of their own: what is known of each point,
/// which are open, whether they will run, and starts by chance.
class PoolSearch : public LoggedStrategy {
 protected:
  PoolSearch(std::string class_name, const space::Space& space, Region region, const Options& options,
             std::shared_ptr<const GpGround> ground);

  const GpGround& ground() const { return *ground_; }
  Feasibility& feasibility() { return feasibility_; }
  const Feasibility& feasibility() const { return feasibility_; }

  const Prospect& prospect(const space::Point& point);
  /// Points whose trials are under way. References stay good.
  std::vector<const Prospect*> pending();
  /// Positions in the pool that may be suggested; needs feasibility().judge().
  std::vector<std::size_t> open_positions();
  std::optional<Suggestion> suggestion(std::size_t position, std::string reason, std::string phase);
  /// By chance, of `draws` open points the likeliest to run; the first where nothing is `known` of that.
  std::optional<Suggestion> random_start(base::Random& random, int draws, bool known, std::size_t starts);
  std::optional<Suggestion> anything(base::Random& random);

  void describe(base::Json& state) const override;

 private:
  std::shared_ptr<const GpGround> ground_;  // shared by all strategies of a blueprint: never changes
  Feasibility feasibility_;
  std::map<std::string, Prospect> prospects_;
};

}  // namespace autotuner::search
