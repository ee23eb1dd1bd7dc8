#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/journal.hpp"
#include "search/region.hpp"
#include "search/strategy.hpp"

namespace autotuner::search {

/// What all strategies share: the log, the free points, the budget, the state document. A strategy only
/// picks.
class LoggedStrategy : public Strategy {
 public:
  LoggedStrategy(std::string class_name, const space::Space& space, Region region, Options options,
                 std::vector<Objective> objectives = {});

  std::vector<Suggestion> suggest(std::size_t count) final;
  void record(std::span<const Trial> trials) final;
  std::uint64_t planned() const final;
  std::string stop_reason() const final;
  base::Json state(bool lists) const final;

 protected:
  /// The next point, as a function of the log and of Random(seed, k) alone, or nothing if no free point was
  /// found. k counts from 1.
  virtual std::optional<Suggestion> pick(std::uint64_t k) = 0;
  /// Adds the members of the state document that only this strategy has.
  virtual void describe(base::Json& state) const = 0;
  /// And those of them that grow with the trials or the grid.
  virtual void describe_lists(base::Json& /*state*/) const {}

  const Options& options() const { return options_; }
  const Journal& journal() const { return journal_; }
  /// The trials as a strategy with one score should see them: where there are several objectives, the score
  /// is the place in the order of non-domination (`ranked_by_frontier`).
  std::map<int, Trial> ranked_trials() const;
  Region& region() { return region_; }
  const Region& region() const { return region_; }
  /// "3 of 18"
  std::string progress(std::uint64_t k) const;

 private:
  std::string class_name_;
  std::vector<space::Parameter> parameters_;
  Region region_;
  Options options_;
  std::vector<Objective> objectives_;
  Journal journal_;
  bool found_nothing_ = false;
};

std::unique_ptr<Strategy> make_grid(const space::Space& space, Region region, const Options& options);
std::unique_ptr<Strategy> make_random(const space::Space& space, Region region, const Options& options);
std::unique_ptr<Strategy> make_sobol(const space::Space& space, Region region, const Options& options);
std::unique_ptr<Strategy> make_tpe(const space::Space& space, Region region, const Options& options,
                                   const Problem& problem);

/// What strategies that judge a pool of points reckon once for a space: features and expectations of its
/// points.
class GpGround;
std::shared_ptr<const GpGround> make_gp_ground(const space::Space& space, const Region& region,
                                               const Problem& problem);
std::unique_ptr<Strategy> make_gp(const space::Space& space, Region region, const Options& options,
                                  std::shared_ptr<const GpGround> ground);

std::unique_ptr<Strategy> make_forest(const space::Space& space, Region region, const Options& options,
                                      std::shared_ptr<const GpGround> ground);
std::unique_ptr<Strategy> make_hill_climb(const space::Space& space, Region region, const Options& options,
                                          const Problem& problem);

}  // namespace autotuner::search
