#include "metrics/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace autotuner::metrics {

double percentile_of_sorted(std::span<const double> sorted, double q) {
  assert(!sorted.empty());
  const double rank = static_cast<double>(sorted.size() - 1) * std::clamp(q, 0.0, 1.0);
  const auto below = static_cast<std::size_t>(rank);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double share = rank - static_cast<double>(below);
  return sorted[below] + (sorted[below + 1] - sorted[below]) * share;
}

std::optional<Statistics> summarise(std::vector<double> sample) {
  if (sample.empty()) return std::nullopt;
  std::ranges::sort(sample);
  Statistics s;
  s.count = sample.size();
  const auto n = static_cast<double>(sample.size());
  s.min = sample.front();
  s.max = sample.back();
  s.sum = std::accumulate(sample.begin(), sample.end(), 0.0);
  s.mean = s.sum / n;
  double squares = 0;
  for (const double x : sample) squares += (x - s.mean) * (x - s.mean);
  s.stddev = std::sqrt(squares / n);
  s.p25 = percentile_of_sorted(sample, 0.25);
  s.p50 = percentile_of_sorted(sample, 0.50);
  s.p75 = percentile_of_sorted(sample, 0.75);
  s.p90 = percentile_of_sorted(sample, 0.90);
  s.p95 = percentile_of_sorted(sample, 0.95);
  s.p99 = percentile_of_sorted(sample, 0.99);
  return s;
}

std::size_t sample_floor(double q) {
  // MLPerf inference rules, appendix on early stopping: queries for 99 % confidence without a tolerance.
  if (q >= 0.99) return 662;
  if (q >= 0.95) return 130;
  if (q >= 0.90) return 64;
  return 1;
}

}  // namespace autotuner::metrics
