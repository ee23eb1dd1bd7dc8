#include "metrics/estimate.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::metrics {
namespace {

constexpr double normal_975 = 1.96;

std::string without_gpus(const std::string& metric) {
  constexpr std::string_view per_gpu = "_per_gpu";
  return metric.ends_with(per_gpu) ? metric.substr(0, metric.size() - per_gpu.size()) : metric;
}

/// Reach of one figure of one batch, in its unit.
struct Figure {
  double value = 0;
  double below = 0;
  double above = 0;
};

std::optional<Figure> measured(const Batch& batch, const std::string& metric) {
  const auto value = of_point(batch, 0).value(metric);
  const auto interval = batch.ci95.find(metric);
  if (!value || interval == batch.ci95.end()) return std::nullopt;
  return Figure{*value, *value - interval->second.low, interval->second.high - *value};
}

std::optional<Figure> goodput_of(const Batch& batch) {
  const auto rate = measured(batch, "mean_output_throughput");
  const double ratio = batch.goodput_ratio.value_or(0);
  if (!batch.goodput || !rate || rate->value <= 0 || ratio <= 0 || batch.num_requests == 0)
    return std::nullopt;
  const double independent = static_cast<double>(batch.num_requests) / std::max(1, batch.num_concurrency);
  const double share = normal_975 * std::sqrt((1 - ratio) / (ratio * independent));
  return Figure{*batch.goodput, *batch.goodput * std::hypot(share, rate->below / rate->value),
                *batch.goodput * std::hypot(share, rate->above / rate->value)};
}

}  // namespace

std::vector<const Batch*> scored_batches(const Metrics& metrics, const Goal& goal, const Score& score) {
  std::vector<const Batch*> batches;
  if (goal.at.kind == BasisKind::mean) {
    for (const auto& batch : metrics.kept) batches.push_back(&batch);
    return batches;
  }
  for (const auto* batch : metrics.points()) {
    const bool counts =
        goal.at.kind == BasisKind::level
            ? !batch->request_rate && batch->num_concurrency == goal.at.level
            : std::ranges::find(score.best_points, point_of(*batch)) != score.best_points.end();
    if (counts) batches.push_back(batch);
  }
  return batches;
}

std::optional<Estimate> estimate_of(double value, const std::string& metric,
                                    const std::vector<const Batch*>& batches) {
  if (!(value > 0) || !std::isfinite(value) || batches.empty()) return std::nullopt;
  const auto name = without_gpus(metric);
  Figure sum;
  for (const auto* batch : batches) {
    const auto figure = name == "goodput" ? goodput_of(*batch) : measured(*batch, name);
    if (!figure) return std::nullopt;
    sum.value += figure->value;
    sum.below = std::hypot(sum.below, std::max(0.0, figure->below));
    sum.above = std::hypot(sum.above, std::max(0.0, figure->above));
  }
  if (!(sum.value > 0)) return std::nullopt;
  return Estimate{.value = value, .below = sum.below / sum.value, .above = sum.above / sum.value};
}

}  // namespace autotuner::metrics
