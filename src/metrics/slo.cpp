#include "metrics/slo.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "metrics/aggregate.hpp"
#include "metrics/batch.hpp"
#include "metrics/registry.hpp"

namespace autotuner::metrics {
namespace {

constexpr double largest_exponent = 700;  // e^709.8 is the largest double
constexpr double severe_above = 0.2;
constexpr std::string_view latency_prefix = "latency.";

double penalty_of(const Slo& slo, const Limit& limit, double violation) {
  const double ratio = std::min(violation / slo.steepness, largest_exponent);
  switch (slo.shape) {
    case PenaltyShape::exponential:
      return limit.weight * std::exp(ratio);
    case PenaltyShape::continuous:
      return limit.weight * std::expm1(ratio);
    case PenaltyShape::linear:
      return limit.weight * ratio;
  }
  return 0;
}

LimitCheck check(const Slo& slo, const Limit& limit, double actual) {
  LimitCheck result{
      .limit = limit, .actual = actual, .violation = limit.violation(actual), .penalty = 0, .severity = {}};
  if (result.ok()) return result;
  if (limit.hard_fail && result.violation > limit.fail_ratio) {
    result.severity = "HARD_FAIL";
    return result;
  }
  result.severity = result.violation > severe_above ? "SEVERE" : "MINOR";
  result.penalty = penalty_of(slo, limit, result.violation);
  return result;
}

template <class Read>
SloResult evaluate_with(const Slo& slo, Read read) {
  SloResult result;
  if (slo.empty()) return result;
  result.verdict = SloVerdict::met;
  for (const auto& limit : slo.limits) {
    const std::optional<double> actual = read(limit);
    if (!actual || limit.threshold <= 0) continue;
    const auto& held = result.checks.emplace_back(check(slo, limit, *actual));
    if (held.ok()) continue;
    result.penalty += held.penalty;
    result.verdict =
        std::max(result.verdict, held.hard_violated() ? SloVerdict::violated : SloVerdict::missed);
    if (held.hard_violated()) {
      result.hard_excess = std::max(result.hard_excess, (1 + held.violation) / (1 + limit.fail_ratio));
    }
  }
  return result;
}

std::optional<double> read_batch(const Batch& batch, const Limit& limit) {
  if (limit.name == "success_rate") {
    if (batch.num_requests == 0) return std::nullopt;
    return batch.success_rate();
  }
  if (limit.name == "throughput") {
    if (!batch.has_throughput) return std::nullopt;
    return batch.mean_total_throughput;
  }
  if (limit.name.starts_with(latency_prefix))
    return batch.stat("e2e_latency", limit.name.substr(latency_prefix.size()));
  return batch.stat(limit.name, limit.stat);
}

}  // namespace

std::string Limit::metric() const {
  if (name == "success_rate") return name;
  if (name == "throughput") return "mean_total_throughput";
  if (name.starts_with(latency_prefix)) return name.substr(latency_prefix.size()) + "_e2e_latency";
  return stat + "_" + name;
}

double Limit::violation(double actual) const {
  const double over = is_minimum() ? threshold - actual : actual - threshold;
  return over > 0 ? over / threshold : 0;
}

double LimitCheck::headroom() const {
  const double room = limit.is_minimum() ? actual - limit.threshold : limit.threshold - actual;
  return room / limit.threshold;
}

const char* to_text(SloVerdict verdict) {
  switch (verdict) {
    case SloVerdict::none:
      return "none";
    case SloVerdict::met:
      return "met";
    case SloVerdict::missed:
      return "missed";
    case SloVerdict::violated:
      return "violated";
  }
  return "none";
}

std::string to_text(const LimitCheck& check) {
  const auto metric = check.limit.metric();
  const auto* const info = find_metric(metric);
  const auto label = info ? std::string(info->label) : metric;
  const auto limit = to_readable(metric, check.limit.threshold);
  const auto actual = to_readable(metric, check.actual);
  const double headroom = check.headroom() * 100;
  if (check.ok())
    return fmt::format("{} {} keeps the limit of {} with {:.3g} % left", label, actual, limit, headroom);
  const auto allowed =
      check.hard_violated() ? fmt::format(", at most {:.3g} % allowed", check.limit.fail_ratio * 100) : "";
  return fmt::format("{} {} is {:.3g} % {} the limit of {}{}", label, actual, check.violation * 100,
                     check.limit.is_minimum() ? "under" : "over", limit, allowed);
}

SloResult evaluate(const Slo& slo, const Metrics& metrics) {
  return evaluate_with(slo, [&](const Limit& limit) { return metrics.value(limit.metric()); });
}

SloResult evaluate(const Slo& slo, const Batch& batch) {
  return evaluate_with(slo, [&](const Limit& limit) { return read_batch(batch, limit); });
}

RequestLimits request_limits(const Slo& slo) {
  RequestLimits limits;
  std::string highest;
  for (const auto& limit : slo.limits) {
    if (limit.name == "ttft") limits.ttft = limit.threshold;
    if (limit.name == "tpot") limits.tpot = limit.threshold;
    // p50 < p90 < p95 < p99 also as text.
    if (limit.name.starts_with(latency_prefix) && limit.name > highest) {
      highest = limit.name;
      limits.e2e = limit.threshold;
    }
  }
  return limits;
}

}  // namespace autotuner::metrics
