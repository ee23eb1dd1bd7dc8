#pragma once

#include <cstddef>
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

/// The 0.975 quantile of Student's t with `degrees` >= 1 of freedom: half-widths of 95 % intervals in
/// standard errors.
double t_quantile_975(std::size_t degrees);

/// 95 % interval of a mean by Student's t; nothing with fewer than two values. The values are taken as
/// independent.
std::optional<Interval> mean_interval(std::span<const double> values);
/// The same for the mean of a series in time order whose neighbours may resemble each other: means of
/// consecutive groups of at least `group` values are taken as the independent values (non-overlapping batch
/// means; Law and Carson 1979) when there are five groups, else the values themselves.
std::optional<Interval> series_mean_interval(std::span<const double> in_order, std::size_t group);
/// 95 % interval of the ratio sum/duration over time windows by batch means (at least 5 windows), else
/// nothing. Windows that resemble their neighbours widen it.
std::optional<Interval> rate_interval(std::span<const double> per_window_totals, double window_seconds);
/// 95 % order-statistic interval of percentile q of a sorted sample (binomial); nothing when n is too small.
/// `effective_count` < n is the number of independent values that the sample is worth; 0 = all of them.
std::optional<Interval> percentile_interval(std::span<const double> sorted, double q,
                                            double effective_count = 0);

/// Lag-1 autocorrelation of a series, 0 for fewer than three values or a constant one.
double autocorrelation(std::span<const double> in_order);
/// Independent values that an autocorrelated series is worth, n (1-r)/(1+r) for r > 0 beyond chance.
double effective_count(std::span<const double> in_order);

}  // namespace autotuner::metrics
