#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/student.hpp"
#include "metrics/statistics.hpp"

namespace autotuner::metrics {
namespace {

constexpr double z_975 = 1.959963984540054;
constexpr std::size_t least_groups = 5;
constexpr std::size_t most_groups = 30;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval around(double centre, double half) {
  return {.low = centre - half, .high = centre + half};
}

/// t times the standard error of the mean; needs two values.
double half_width(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = mean_of(values);
  double squares = 0;
  for (const double x : values) squares += (x - mean) * (x - mean);
  return t_quantile_975(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
}

}  // namespace

double t_quantile_975(std::size_t degrees) {
  if (degrees > 1000) {
    // Cornish-Fisher: Abramowitz and Stegun 26.7.5, first term; the next is below 1e-6 here.
    return z_975 + (z_975 * z_975 * z_975 + z_975) / (4 * static_cast<double>(degrees));
  }
  return base::student_quantile(0.025, degrees);
}

std::optional<Interval> mean_interval(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  return around(mean_of(values), half_width(values));
}

std::optional<Interval> series_mean_interval(std::span<const double> in_order, std::size_t group) {
  const auto n = in_order.size();
  const auto groups = std::min(most_groups, n / std::max<std::size_t>(group, 1));
  if (groups < least_groups || groups == n) return mean_interval(in_order);
  std::vector<double> means;
  for (std::size_t i = 0; i < groups; ++i) {
    const auto first = i * n / groups;
    means.push_back(mean_of(in_order.subspan(first, (i + 1) * n / groups - first)));
  }
  return around(mean_of(in_order), half_width(means));
}

double autocorrelation(std::span<const double> in_order) {
  if (in_order.size() < 3) return 0;
  const double mean = mean_of(in_order);
  double variance = 0;
  double covariance = 0;
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    variance += (in_order[i] - mean) * (in_order[i] - mean);
    if (i > 0) covariance += (in_order[i] - mean) * (in_order[i - 1] - mean);
  }
  // Spread below a millionth of the mean is the rounding of a constant.
  const double rounding = 1e-6 * mean;
  if (variance <= static_cast<double>(in_order.size()) * rounding * rounding) return 0;
  return covariance / variance;
}

double effective_count(std::span<const double> in_order) {
  const auto n = static_cast<double>(in_order.size());
  const double r = std::min(autocorrelation(in_order), 0.95);
  // Below two standard errors of an independent series' estimate it is chance.
  if (r <= 2 / std::sqrt(std::max(n, 1.0))) return n;
  return std::max(1.0, n * (1 - r) / (1 + r));
}

std::optional<Interval> rate_interval(std::span<const double> per_window_totals, double window_seconds) {
  if (per_window_totals.size() < least_groups || !(window_seconds > 0)) return std::nullopt;
  const auto n = static_cast<double>(per_window_totals.size());
  const double widened = half_width(per_window_totals) * std::sqrt(n / effective_count(per_window_totals));
  return around(mean_of(per_window_totals) / window_seconds, widened / window_seconds);
}

std::optional<Interval> percentile_interval(std::span<const double> sorted, double q,
                                            double effective_count) {
  if (sorted.size() < 2 || q <= 0 || q >= 1) return std::nullopt;
  const auto size = static_cast<double>(sorted.size());
  const auto n = static_cast<std::size_t>(effective_count > 0 ? std::min(effective_count, size) : size);
  // With K ~ B(n, q) values below the quantile: X_(l) <= quantile <= X_(u) has the probability P(l <= K < u)
  // (David and Nagaraja, Order Statistics, 7.1). Logarithms, because (1-q)^n underflows for long samples.
  std::size_t lower = 0;
  std::size_t upper = n + 1;
  double log_mass = static_cast<double>(n) * std::log1p(-q);
  double below = 0;  // P(K < k)
  for (std::size_t k = 0; k <= n; ++k) {
    if (below <= 0.025) lower = k;
    below += std::exp(log_mass);
    if (below >= 0.975) {
      upper = k + 1;
      break;
    }
    log_mass +=
        std::log(static_cast<double>(n - k) / static_cast<double>(k + 1)) + std::log(q) - std::log1p(-q);
  }
  if (lower < 1 || upper > n) return std::nullopt;
  const double stretch = size / static_cast<double>(n);
  const auto low = static_cast<std::size_t>(std::floor(static_cast<double>(lower) * stretch));
  const auto high = static_cast<std::size_t>(std::ceil(static_cast<double>(upper) * stretch));
  return Interval{.low = sorted[std::max<std::size_t>(low, 1) - 1],
                  .high = sorted[std::min(high, sorted.size()) - 1]};
}

}  // namespace autotuner::metrics
