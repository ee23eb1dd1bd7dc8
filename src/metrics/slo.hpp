#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace autotuner::metrics {

struct Batch;
struct Metrics;

/// One limit. threshold in s (throughput tokens/s, success_rate 0..1).
struct Limit {
  std::string name;  ///< as in the task file: latency.p50 p90 p95 p99, ttft, tpot, throughput, success_rate
  double threshold = 0;
  double weight = 1.0;
  bool hard_fail = false;
  double fail_ratio = 0.5;
  std::string stat = "mean";  ///< ttft, tpot: mean p50 p90 p95 p99
  bool operator==(const Limit&) const = default;

  /// Registry name of what is limited: p90_e2e_latency, mean_ttft, p90_ttft, mean_total_throughput,
  /// success_rate.
  std::string metric() const;
  /// True for throughput and success_rate, where less is worse.
  bool is_minimum() const { return name == "throughput" || name == "success_rate"; }
  /// How far `actual` is beyond the limit as a fraction of it: > 0 only when exceeded, else 0.
  double violation(double actual) const;
};

enum class PenaltyShape { exponential, continuous, linear };
enum class BatchPolicy { drop, keep, max_compliant };

/// All limits of a task, in the order in which penalties are summed.
struct Slo {
  std::vector<Limit> limits;
  double steepness = 0.1;
  PenaltyShape shape = PenaltyShape::exponential;
  BatchPolicy batch_policy = BatchPolicy::drop;
  bool operator==(const Slo&) const = default;
  bool empty() const { return limits.empty(); }
};

enum class SloVerdict { none, met, missed, violated };
const char* to_text(SloVerdict verdict);

/// One limit held against one measured value.
struct LimitCheck {
  Limit limit;
  double actual = 0;
  double violation = 0;  ///< (actual - threshold) / threshold, 0 when kept
  double penalty = 0;
  std::string severity;  ///< "", MINOR, SEVERE, HARD_FAIL
  bool ok() const { return violation <= 0; }
  bool hard_violated() const { return severity == "HARD_FAIL"; }
  /// Share of the limit that is left, negative when exceeded.
  double headroom() const;
  bool operator==(const LimitCheck&) const = default;
};

/// "P90 E2E latency 6.1 s is 22 % over the limit of 5 s", for people.
std::string to_text(const LimitCheck& check);

/// All limits held against one set of values.
struct SloResult {
  SloVerdict verdict = SloVerdict::none;
  double penalty = 0;              ///< sum; multiplier is 1 + penalty
  std::vector<LimitCheck> checks;  ///< limits whose metric was measured, in order
  /// Largest (1 + v) / (1 + fail_ratio) over hard limits: orders violated experiments by nearness.
  double hard_excess = 0;
  bool operator==(const SloResult&) const = default;
};

/// Against the aggregate values of an experiment or of an operating point; limits without a measured value
/// are passed over.
SloResult evaluate(const Slo& slo, const Metrics& metrics);
/// Against one batch alone.
SloResult evaluate(const Slo& slo, const Batch& batch);

/// The limits that one request can keep or break (ttft, tpot, the highest latency percentile), for goodput.
struct RequestLimits {
  std::optional<double> ttft, tpot, e2e;
  bool empty() const { return !ttft && !tpot && !e2e; }
};
RequestLimits request_limits(const Slo& slo);

}  // namespace autotuner::metrics
