#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/problem.hpp"
#include "space/space.hpp"

namespace autotuner::search {

/// Rank of an experiment before its score: failures are a state, never a number.
enum class TrialClass { met = 0, missed = 1, violated = 2, failed = 3 };

/// How a trial failed. Which way memory ran out says which points will fail, too.
enum class Failure {
  none,
  no_cache_room,       ///< start: the weights leave no room for the key-value cache; wants more memory share
  no_graph_room,       ///< start: the rest of the memory is too small for graph capture; wants less
  out_of_memory,       ///< start, for another or an unknown share of the memory
  out_of_memory_load,  ///< under load
  invalid,             ///< refused by the engine or the harness at once
  timeout,
  unhealthy,  ///< crashed or answered wrongly for another reason
  other
};

/// A point that was suggested, and what came of it. The log of trials plus the seed is the whole state of a
/// strategy, so a task survives a restart.
struct Trial {
  int number = 0;  ///< sequence number, 1, 2, ... in the order of suggestion
  space::Point point;
  bool finished = false;  ///< false = still running: believed pending
  TrialClass rank = TrialClass::failed;
  std::optional<double> score;  ///< lower is better; only for met and missed
  double penalty = 0;           ///< orders failures among themselves
  int stage = 0;                ///< of a failure: 0 deploy, 1 ready, 2 benchmark; further is better
  /// By name, of a success; empty = the score is all that is known.
  std::map<std::string, double> metrics = {};
  Failure failure = Failure::other;  ///< of class failed
  double start_seconds = 0;          ///< what starting the engine took; 0 = it was up, or not known
  double bench_seconds = 0;
  /// Share of the load that was measured: 1 = all of it. Models take less for noisier by as much, and it is
  /// never what others have to beat.
  double fidelity = 1;
};

/// Whether a is better than b by class, then score (classes met and missed; null and NaN last), then stage
/// reached, then penalty. A strict weak order; equal trials keep the order of their numbers.
bool better(const Trial& a, const Trial& b);

struct Suggestion {
  space::Point point;
  std::vector<space::Point> covers;  ///< equal points this one stands for
  std::string reason;                ///< one line for people: "grid 3 of 18", "random start", "model"
  std::string phase;                 ///< grid, random (also sobol), model
};

enum class Kind { grid_search, random, sobol, tpe, gp, forest, hill_climb };

struct Options {
  Kind kind = Kind::grid_search;
  int max_iterations = 100;
  int initial_random = 5;
  std::uint64_t seed = 0;
  bool multivariate = false;
  space::Dedupe dedupe = space::Dedupe::resolved;
  space::GridOrder order = space::GridOrder::lexicographic;
  std::string objective = "minimize_latency";  ///< only handed through to state()
  int horizon = 0;  ///< trials that the study will have; 0 = max_iterations. More may be asked for.
};

/// Whether going on is worth it.
struct StopAdvice {
  double chance = 1;  ///< that an untried point is more than 1 % better than the best known
  bool stop = false;  ///< the chance is at most 5 %
  std::string words;  ///< the same for people
};

/// Asks and is told (model: Designer in google/vizier). Not thread-safe: one loop owns it.
///
/// A suggestion counts as running from the moment it is made; it is matched to its trial by point, so the
/// loop may number trials as it likes. If another point ran under its number, the suggested one is free
/// again. Trials with numbers below 1 (a baseline, knowledge from elsewhere) inform models, but cost no
/// iteration and take no point. A known result is never undone by a late "still running".
class Strategy {
 public:
  virtual ~Strategy() = default;
  /// Up to `count` further points; fewer or none when the space or the iterations are used up. Suggestion k
  /// is a function of (space, seed, k, trials recorded before it), so replaying the log repeats it.
  virtual std::vector<Suggestion> suggest(std::size_t count) = 0;
  /// Adds or updates trials by number. Unknown points are taken as they are.
  virtual void record(std::span<const Trial> trials) = 0;
  /// Points it will suggest at most in total, as far as it knows now.
  virtual std::uint64_t planned() const = 0;
  /// Why suggest() returns nothing: "space_exhausted" or "max_iterations"; empty while it still returns
  /// points. An open space counts as exhausted when thousands of draws in a row are invalid or known.
  virtual std::string stop_reason() const = 0;
  /// A function of (space, seed, trials recorded), as suggestions are; nothing where the strategy has no
  /// model of what is left or knows too little yet. Costs about as much as a suggestion.
  virtual std::optional<StopAdvice> stop_advice() { return std::nullopt; }
  /// Class name, counters and history, in the fields that the reference (novitalabs/autotuner) reads. Without
  /// `lists` the members that grow with the trials or the grid are left out.
  virtual base::Json state(bool lists = true) const = 0;
};

/// A checked search space and what can be reckoned before the first trial, shared by all strategies made from
/// it: listing a large space costs more than a study.
class Blueprint {
 public:
  /// Errors: invalid_input if the space is empty of valid points (the message lists the reasons), if the
  /// strategy needs a finite space and has none, or for options out of range. The rules and the prior are
  /// copied and must stay callable.
  static base::Result<Blueprint> make(const space::Space& space, const space::PointRules& rules,
                                      const Options& options, const Problem& problem = {});
  /// A strategy at its start. Only the seed differs from the options of make(); it does not reach the order
  /// of a grid.
  std::unique_ptr<Strategy> strategy(std::uint64_t seed) const;

 private:
  struct Parts;
  std::shared_ptr<const Parts> parts_;  // shared: never changes, and copies of a blueprint are one
};

/// One strategy from a blueprint of its own. Errors: invalid_input if the space is empty of valid points (the
/// message lists the reasons), if the strategy needs a finite space and has none, or for options out of
/// range. The rules are copied and must stay callable.
base::Result<std::unique_ptr<Strategy>> make_strategy(const space::Space& space,
                                                      const space::PointRules& rules, const Options& options,
                                                      const Problem& problem = {});

/// The trials of a stored state document, ours or the reference's; there an entry without metrics or with a
/// score that is null or infinite is a failure. Errors: invalid_input naming what is missing.
base::Result<std::vector<Trial>> trials_from_state(const base::Json& state);

}  // namespace autotuner::search
