#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/point.hpp"

namespace autotuner::search {

/// What a change of a parameter costs: a restart of the engine, or nothing.
enum class Scope { server, client };

enum class Direction { maximize, minimize };

/// What is known of a parameter beyond its values.
struct Knob {
  std::string name;
  bool ordered = true;  ///< false = names without order, whatever the values look like
  bool log = false;     ///< steps are multiplicative
  Scope scope = Scope::server;
  /// Early trials vary low ranks first, 0 before all others: what they decide, the rest has to live with.
  /// -1 = not known. A prior of the search, never a stage.
  int group_rank = -1;
  bool operator==(const Knob&) const = default;
};

struct Objective {
  std::string metric;
  Direction direction = Direction::maximize;
  bool operator==(const Objective&) const = default;
};

/// A limit on a metric. The score of a configuration is its objective times min(1, max / metric) ^ exponent
/// for each limit; a hard limit leaves no score beyond it.
struct Slo {
  std::string metric;
  double max = 0;
  double exponent = 1;
  bool hard = false;
  bool operator==(const Slo&) const = default;
};

/// What a performance model expects of a point.
struct PriorEstimate {
  std::map<std::string, double> metrics = {};  ///< above 0, by metric name
  std::optional<double> memory_margin = {};    ///< (capacity - need) / capacity of a GPU; below 0 won't fit
};

/// What a strategy may know beyond the space. Everything may be left out.
struct Problem {
  std::vector<Knob> knobs;             ///< parameters without one are taken by the form of their values
  std::optional<Objective> objective;  ///< what one score is made of
  /// Two or three that are wanted at once: the search is for all that is best in some trade-off of them.
  /// Empty = `objective` is all that counts.
  std::vector<Objective> objectives = {};
  std::vector<Slo> slos;
  std::map<std::string, double> facts;
  /// Pure; called once for every point of a listed space. Empty, or nothing for a point = no expectation.
  std::function<std::optional<PriorEstimate>(const space::Point&)> prior;

  const Knob* find(std::string_view parameter) const;
};

/// The score of measured metrics, larger is better: the objective (1 / metric when minimised) times the
/// discounts of the limits. Nothing if a metric is missing or is no number above 0, or if a hard limit is
/// exceeded.
std::optional<double> soft_score(const Objective& objective, const std::vector<Slo>& slos,
                                 const std::map<std::string, double>& metrics);

}  // namespace autotuner::search
