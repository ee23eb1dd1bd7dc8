#include "tuning/forecast.hpp"

#include <algorithm>

#include "tuning/expectation.hpp"

namespace autotuner::tuning {
namespace {

double throughput_per_gpu(const ForecastPoint& point) {
  return point.tokens_per_second / std::max(1.0, point.gpus);
}

ForecastPoint forecast_point(const space::Point& point, const predict::Estimate& estimate,
                             const metrics::Slo& slo) {
  ForecastPoint result{.point = point,
                       .gpus = estimate.prediction.gpus,
                       .ttft = estimate.prediction.ttft.mean,
                       .tpot = estimate.prediction.tpot.mean,
                       .tokens_per_second = estimate.prediction.total_tokens_per_second,
                       .memory_margin = estimate.memory.margin};
  for (const auto& limit : slo.limits) {
    const auto value = expected_metric(estimate.prediction, limit.metric());
    if (value && limit.violation(*value) > 0) result.broken.push_back(limit.metric());
  }
  return result;
}

/// Of points that are expected to be equal the first stays.
std::vector<ForecastPoint> not_dominated(std::vector<ForecastPoint> points) {
  std::ranges::stable_sort(points, [](const ForecastPoint& a, const ForecastPoint& b) {
    return a.tpot != b.tpot ? a.tpot < b.tpot : throughput_per_gpu(a) > throughput_per_gpu(b);
  });
  std::vector<ForecastPoint> frontier;
  for (auto& point : points) {
    if (frontier.empty() || throughput_per_gpu(point) > throughput_per_gpu(frontier.back()))
      frontier.push_back(std::move(point));
  }
  return frontier;
}

/// Both ends, what lies evenly between them, and the fastest that breaks no limit.
std::vector<ForecastPoint> spread(std::vector<ForecastPoint> frontier) {
  if (frontier.size() <= most_frontier_points) return frontier;
  std::vector<std::size_t> chosen;
  chosen.reserve(most_frontier_points);
  for (std::size_t i = 0; i < most_frontier_points; ++i)
    chosen.push_back(i * (frontier.size() - 1) / (most_frontier_points - 1));
  const auto keeping = std::ranges::find_if(frontier.rbegin(), frontier.rend(),
                                            [](const ForecastPoint& point) { return point.broken.empty(); });
  if (keeping != frontier.rend()) {
    const auto best = static_cast<std::size_t>(frontier.rend() - keeping) - 1;
    // Neighbours make room for it, the ends stay.
    const auto next = std::ranges::lower_bound(chosen, best);
    if (*next != best) *(next == chosen.end() - 1 ? next - 1 : next) = best;
  }
  std::vector<ForecastPoint> few;
  few.reserve(chosen.size());
  for (const auto index : chosen) few.push_back(std::move(frontier[index]));
  return few;
}

std::vector<std::string> unpredicted(const metrics::Slo& slo) {
  std::vector<std::string> names;
  for (const auto& limit : slo.limits) {
    if (!expected_metric({}, limit.metric())) names.push_back(limit.metric());
  }
  return names;
}

}  // namespace

std::optional<Forecast> forecast_of(const spec::Task& task, const Premises& premises,
                                    std::span<const space::Candidate> candidates, std::uint64_t most) {
  if (task.runtime == engine::RuntimeId::sim || candidates.empty()) return std::nullopt;
  const auto device = predict::find_device(premises.gpu.name);
  const auto estimator = estimator_of(task, premises);
  if (!device || !estimator) return std::nullopt;

  Forecast forecast{.device = std::string(device->name), .model_from_name = !premises.model.has_value()};
  forecast.distinct = candidates.size();
  forecast.unpredicted = unpredicted(task.goal.slo);
  std::vector<ForecastPoint> points;
  const auto wanted = std::min(forecast.distinct, most);
  for (std::uint64_t i = 0; i < wanted; ++i) {
    const auto& point = candidates[i * forecast.distinct / wanted].point;
    const auto estimate = estimator->estimate(point);
    if (!estimate) continue;
    ++forecast.looked_at;
    if (estimate->memory.margin < 0 || estimate->prediction.total_tokens_per_second <= 0) {
      ++forecast.without_room;
      continue;
    }
    points.push_back(forecast_point(point, *estimate, task.goal.slo));
    if (points.back().broken.empty()) ++forecast.keeping_limits;
  }
  if (forecast.looked_at == 0) return std::nullopt;
  auto frontier = not_dominated(std::move(points));
  forecast.not_dominated = frontier.size();
  forecast.frontier = spread(std::move(frontier));
  return forecast;
}

}  // namespace autotuner::tuning
