#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "space/space.hpp"

namespace autotuner::search {

/// Rank of an experiment before its score: failures are a state, never a number.
enum class TrialClass { met = 0, missed = 1, violated = 2, failed = 3 };

/// A point that was suggested, and what came of it. The log of trials plus the seed is the whole state of a
/// strategy, so a task survives a restart.
struct Trial {
  int number = 0;  ///< sequence number, 1, 2, ... in the order of suggestion
  space::Point point;
  bool finished = false;               ///< false = still running: believed pending
  TrialClass rank = TrialClass::failed;
  std::optional<double> score;         ///< lower is better; only for met and missed
  double penalty = 0;                  ///< orders failures among themselves
  int stage = 0;                       ///< of a failure: 0 deploy, 1 ready, 2 benchmark; further is better
};

/// Whether a is better than b by class, then score (null last), then stage reached, then penalty.
bool better(const Trial& a, const Trial& b);

struct Suggestion {
  space::Point point;
  std::vector<space::Point> covers;  ///< equal points this one stands for
  std::string reason;                ///< one line for people: "grid 3 of 18", "random start", "model"
  std::string phase;                 ///< grid, random, model
};

enum class Kind { grid_search, random, sobol, tpe };

struct Options {
  Kind kind = Kind::grid_search;
  int max_iterations = 100;
  int initial_random = 5;
  std::uint64_t seed = 0;
  bool multivariate = false;
  space::Dedupe dedupe = space::Dedupe::resolved;
  space::GridOrder order = space::GridOrder::lexicographic;
};

/// Asks and is told (model: Designer in google/vizier). Not thread-safe: one loop owns it.
class Strategy {
 public:
  virtual ~Strategy() = default;
  /// Up to `count` further points; fewer or none when the space or the iterations are used up. Suggestion k is
  /// a function of (space, seed, k, trials recorded before it), so replaying the log repeats it.
  virtual std::vector<Suggestion> suggest(std::size_t count) = 0;
  /// Adds or updates trials by number. Unknown points are taken as they are.
  virtual void record(std::span<const Trial> trials) = 0;
  /// Points it will suggest at most in total, as far as it knows now.
  virtual std::uint64_t planned() const = 0;
  /// Why suggest() returned nothing: "space_exhausted" or "max_iterations".
  virtual std::string stop_reason() const = 0;
  /// The document of `tuning-core` 6 (class name, counters, history), readable by the reference.
  virtual base::Json state() const = 0;
};

/// Errors: invalid_input if the space is empty of valid points (the message lists the reasons), or if the
/// strategy needs a finite space and has none.
base::Result<std::unique_ptr<Strategy>> make_strategy(const space::Space& space, const space::PointRules& rules,
                                                      const Options& options);

/// The trials of a stored state document, ours or the reference's. Errors: invalid_input naming what is missing.
base::Result<std::vector<Trial>> trials_from_state(const base::Json& state);

}  // namespace autotuner::search
