#pragma once

#include <optional>
#include <span>
#include <vector>

namespace autotuner::metrics {

/// Of a sample: population standard deviation (divide by n), percentiles by linear interpolation at rank
/// (n-1)q. Unit: that of the sample.
struct Statistics {
  std::size_t count = 0;
  double min = 0, max = 0, mean = 0, stddev = 0, sum = 0;
  double p25 = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0;
  bool operator==(const Statistics&) const = default;
};

/// Nothing for an empty sample.
std::optional<Statistics> summarise(std::vector<double> sample);

/// Percentile q (0..1) of a sorted, non-empty sample.
double percentile_of_sorted(std::span<const double> sorted, double q);

/// Samples a percentile needs before people are shown it: p90 64, p95 130, p99 662, else 1.
std::size_t sample_floor(double q);

struct Interval {
  double low = 0;
  double high = 0;
  bool operator==(const Interval&) const = default;
};

/// 95 % interval of a mean by Student's t; nothing with fewer than two values.
std::optional<Interval> mean_interval(std::span<const double> values);
/// 95 % interval of the ratio sum/duration over time windows by batch means (at least 5 windows), else nothing.
std::optional<Interval> rate_interval(std::span<const double> per_window_totals, double window_seconds);
/// 95 % order-statistic interval of percentile q of a sorted sample (binomial); nothing when n is too small.
std::optional<Interval> percentile_interval(std::span<const double> sorted, double q);

}  // namespace autotuner::metrics
