#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tuning/run.hpp"

namespace autotuner::report {

/// What the trials reached in several objectives at once.
struct Frontier {
  struct Point {
    int number = 0;
    std::map<std::string, double> values;  ///< by metric of the goal's objectives
  };
  /// No other trial is at least as good in every objective and better in one; those that keep all limits, or
  /// if there are none, of all that ran. By the first objective, best first.
  std::vector<Point> points;
  std::vector<Point> others;  ///< the rest of the trials that the frontier is of
  bool meets_limits = true;
  /// Of the box between the worst and the best value of each objective over those trials, the share that the
  /// frontier dominates; nothing when they don't differ in every objective.
  std::optional<double> hypervolume_share;
  /// The same in the units of the objectives multiplied.
  std::optional<double> hypervolume;
  std::map<std::string, double> worst;  ///< the reference point
};

/// Nothing for a task of one objective, or when no trial measured all of them.
std::optional<Frontier> frontier_of(const tuning::Run& run);

/// "#7: TTFT P90 120 ms, Total throughput 3,900 tokens/s"
std::string to_text(const tuning::Run& run, const Frontier::Point& point);
/// What a person wants to know first: how many, of what, and whether the configuration to ship is among them.
std::string sentence(const tuning::Run& run, const Frontier& frontier, std::optional<int> shipped);

base::Json to_json(const tuning::Run& run, const Frontier& frontier);

/// The first two objectives against each other, the frontier joined. Empty without a frontier.
std::string frontier_figure(const tuning::Run& run, const std::optional<Frontier>& frontier,
                            std::optional<int> shipped);

}  // namespace autotuner::report
