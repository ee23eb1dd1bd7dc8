#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "metrics/aggregate.hpp"
#include "metrics/objective.hpp"
#include "metrics/slo.hpp"

namespace autotuner::metrics {

/// What the score is read from.
enum class BasisKind { mean, level, best_point };
struct Basis {
  BasisKind kind = BasisKind::mean;
  int level = 0;
  bool operator==(const Basis&) const = default;
};

/// A metric that is wanted beside others, by its registry name.
struct Wanted {
  std::string metric;
  bool maximise = true;
  bool operator==(const Wanted&) const = default;
};

struct Goal {
  Objective objective = Objective::minimize_latency;
  std::vector<Wanted> objectives = {};  ///< two or three whose frontier is wanted, or none
  Slo slo;
  Basis at;
  bool reference_compat = false;
  bool operator==(const Goal&) const = default;
};

/// The outcome of scoring one experiment.
struct Score {
  std::optional<double> score;  ///< lower is better; with SLO penalty; null when violated or not scorable
  std::optional<double> value;  ///< objective_value: natural sign, without penalty
  std::string metric;           ///< registry name of `value`
  SloResult slo;                ///< on the scored basis
  std::vector<OperatingPoint> best_points;
  std::map<std::string, double> objectives;  ///< of Goal::objectives, those measured, on the scored basis
  bool operator==(const Score&) const = default;
};

/// The objective on the scored basis, with the penalties of broken limits. No score when a hard limit is
/// violated, the level or a scenario was not measured, or the metric is missing. Never throws, never returns
/// an infinity.
Score score(const Metrics& metrics, const Goal& goal);

/// The objective of aggregate values without penalties: lower is better; nothing when the metric is missing.
std::optional<double> base_score(const Metrics& metrics, Objective objective);
/// final = base + penalty * |base|.
double with_penalty(double base, double penalty);

/// Where a failure happened and what it was, for its penalty.
struct FailureFacts {
  double elapsed = 0;  ///< s
  double timeout = 0;  ///< s
  std::string code;    ///< deploy_failed, no_endpoint, benchmark_timeout, ...
  std::string cls;     ///< oom, timeout, connection, ...
};
double failure_penalty(const FailureFacts& facts);
/// The reference's rule by error text, to read the reference's data.
double reference_penalty(double elapsed, double timeout, std::string_view error_text);

}  // namespace autotuner::metrics
