#include "metrics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace autotuner::metrics {
namespace {

TEST(Statistics, InterpolatesPercentilesLinearly) {
  const auto s = *summarise({4, 1, 3, 2});
  EXPECT_EQ(s.count, 4U);
  EXPECT_DOUBLE_EQ(s.p25, 1.75);
  EXPECT_DOUBLE_EQ(s.p50, 2.5);
  EXPECT_DOUBLE_EQ(s.p75, 3.25);
  EXPECT_DOUBLE_EQ(s.p90, 3.7);
  EXPECT_DOUBLE_EQ(s.p95, 3.85);
  EXPECT_DOUBLE_EQ(s.p99, 3.97);
  EXPECT_DOUBLE_EQ(s.mean, 2.5);
  EXPECT_NEAR(s.stddev, 1.118034, 1e-6);
  EXPECT_DOUBLE_EQ(s.sum, 10);
  EXPECT_DOUBLE_EQ(s.min, 1);
  EXPECT_DOUBLE_EQ(s.max, 4);
}

TEST(Statistics, KnowsASampleOfTen) {
  const auto s = *summarise({10, 20, 30, 40, 50, 60, 70, 80, 90, 100});
  EXPECT_DOUBLE_EQ(s.p25, 32.5);
  EXPECT_DOUBLE_EQ(s.p50, 55);
  EXPECT_DOUBLE_EQ(s.p75, 77.5);
  EXPECT_DOUBLE_EQ(s.p90, 91);
  EXPECT_DOUBLE_EQ(s.p95, 95.5);
  EXPECT_DOUBLE_EQ(s.p99, 99.1);
}

TEST(Statistics, OfOneValueAreThatValue) {
  const auto s = *summarise({0.5});
  for (const double value : {s.min, s.max, s.mean, s.sum, s.p25, s.p50, s.p75, s.p90, s.p95, s.p99})
    EXPECT_EQ(value, 0.5);
  EXPECT_EQ(s.stddev, 0);
}

TEST(Statistics, OfNothingAreNothing) {
  EXPECT_FALSE(summarise({}));
}

TEST(Statistics, AsksForMoreSamplesTheFurtherOutAPercentileLies) {
  EXPECT_EQ(sample_floor(0.5), 1U);
  EXPECT_EQ(sample_floor(0.9), 64U);
  EXPECT_EQ(sample_floor(0.95), 130U);
  EXPECT_EQ(sample_floor(0.99), 662U);
}

TEST(TQuantile, EqualsTheTables) {
  EXPECT_NEAR(t_quantile_975(1), 12.7062, 1e-4);
  EXPECT_NEAR(t_quantile_975(2), 4.30265, 1e-5);
  EXPECT_NEAR(t_quantile_975(3), 3.18245, 1e-5);
  EXPECT_NEAR(t_quantile_975(4), 2.77645, 1e-5);
  EXPECT_NEAR(t_quantile_975(5), 2.57058, 1e-5);
  EXPECT_NEAR(t_quantile_975(9), 2.26216, 1e-5);
  EXPECT_NEAR(t_quantile_975(10), 2.22814, 1e-5);
  EXPECT_NEAR(t_quantile_975(30), 2.04227, 1e-5);
  EXPECT_NEAR(t_quantile_975(120), 1.97993, 1e-5);
  EXPECT_NEAR(t_quantile_975(1000), 1.962339, 1e-6);
  EXPECT_NEAR(t_quantile_975(1001), 1.962337, 1e-5);
  EXPECT_NEAR(t_quantile_975(100000000), 1.959964, 1e-6);
}

TEST(MeanInterval, IsStudents) {
  const auto interval = *mean_interval(std::vector<double>{9, 10, 11});
  EXPECT_NEAR(interval.low, 10 - 4.302653 / std::sqrt(3.0), 1e-5);
  EXPECT_NEAR(interval.high, 10 + 4.302653 / std::sqrt(3.0), 1e-5);
  EXPECT_FALSE(mean_interval(std::vector<double>{1}));
}

TEST(SeriesMeanInterval, FallsBackToTheValuesWithoutFiveGroups) {
  const std::vector<double> few{1, 2, 3, 4};
  EXPECT_EQ(series_mean_interval(few, 2), mean_interval(few));
  EXPECT_FALSE(series_mean_interval(std::vector<double>{1}, 1));
}

/// Share of 2,000 series with true mean 0 whose interval covers it.
double coverage(double memory, std::size_t length,
                const std::function<std::optional<Interval>(std::vector<double>&)>& make) {
  base::Random random(11);
  int covered = 0;
  for (int run = 0; run < 2000; ++run) {
    std::vector<double> series;
    double state = random.normal() / std::sqrt(1 - memory * memory);
    for (std::size_t i = 0; i < length; ++i) {
      series.push_back(state);
      state = memory * state + random.normal();
    }
    const auto interval = make(series);
    if (interval && interval->low <= 0 && 0 <= interval->high) ++covered;
  }
  return covered / 2000.0;
}

TEST(SeriesMeanInterval, CoversTheTruthOfCorrelatedSeries) {
  const auto grouped = [](std::vector<double>& series) { return series_mean_interval(series, 20); };
  EXPECT_NEAR(coverage(0, 400, grouped), 0.95, 0.02);
  EXPECT_NEAR(coverage(0.6, 400, grouped), 0.95, 0.03);
  const auto naive = [](std::vector<double>& series) { return mean_interval(series); };
  EXPECT_LT(coverage(0.6, 400, naive), 0.75);
}

TEST(RateInterval, NeedsFiveWindows) {
  EXPECT_FALSE(rate_interval(std::vector<double>{1, 2, 3, 4}, 1));
  EXPECT_FALSE(rate_interval(std::vector<double>{1, 2, 3, 4, 5}, 0));
  const auto interval = *rate_interval(std::vector<double>{200, 220, 180, 190, 210}, 2);
  EXPECT_NEAR((interval.low + interval.high) / 2, 100, 1e-9);
  EXPECT_NEAR(interval.high - 100, 2.776445 * std::sqrt(250.0 / 5) / 2, 1e-4);
}

TEST(RateInterval, CoversTheTruth) {
  const auto windows = [](std::vector<double>& series) { return rate_interval(series, 2); };
  EXPECT_NEAR(coverage(0, 10, windows), 0.95, 0.02);
  EXPECT_NEAR(coverage(0, 60, windows), 0.95, 0.02);
  EXPECT_GT(coverage(0.6, 100, windows), 0.90);
}

TEST(PercentileInterval, IsTheBinomialOne) {
  std::vector<double> sample;
  for (int i = 1; i <= 100; ++i) sample.push_back(i);
  // Order statistics 40 and 61 bound the median of 100 (David and Nagaraja).
  EXPECT_EQ(percentile_interval(sample, 0.5), (Interval{.low = 40, .high = 61}));
  EXPECT_FALSE(percentile_interval(sample, 0.99));
  EXPECT_FALSE(percentile_interval(std::vector<double>{1, 2, 3}, 0.5));
  EXPECT_FALSE(percentile_interval(std::vector<double>{1}, 0.5));
  EXPECT_FALSE(percentile_interval(sample, 1.0));
}

TEST(PercentileInterval, WidensWhenTheSampleIsWorthLess) {
  std::vector<double> sample;
  for (int i = 1; i <= 1000; ++i) sample.push_back(i);
  const auto all = *percentile_interval(sample, 0.9);
  const auto tenth = *percentile_interval(sample, 0.9, 100);
  EXPECT_LT(tenth.low, all.low);
  EXPECT_GT(tenth.high, all.high);
  EXPECT_EQ(percentile_interval(sample, 0.9, 1e9), all);
}

TEST(PercentileInterval, DoesNotUnderflowForLongSamples) {
  std::vector<double> sample;
  for (int i = 1; i <= 100000; ++i) sample.push_back(i);
  const auto interval = *percentile_interval(sample, 0.99);
  EXPECT_NEAR(interval.low, 99000 - 1.96 * std::sqrt(990.0), 5);
  EXPECT_NEAR(interval.high, 99000 + 1.96 * std::sqrt(990.0), 5);
}

TEST(PercentileInterval, CoversTheTruth) {
  const auto p90 = [](std::vector<double>& series) {
    std::ranges::sort(series);
    auto interval = percentile_interval(series, 0.9);
    // The true 90th percentile is moved to where coverage() looks.
    if (interval) interval = Interval{.low = interval->low - 1.281552, .high = interval->high - 1.281552};
    return interval;
  };
  const double share = coverage(0, 200, p90);
  EXPECT_GE(share, 0.94);
  EXPECT_LE(share, 0.98);
}

TEST(EffectiveCount, ShrinksOnlyForSeriesThatRememberThemselves) {
  EXPECT_EQ(effective_count(std::vector<double>{1, 1, 1, 1}), 4);
  EXPECT_EQ(autocorrelation(std::vector<double>{1, 2}), 0);
  std::vector<double> slow(100);
  std::iota(slow.begin(), slow.end(), 0.0);
  EXPECT_LT(effective_count(slow), 10);
  EXPECT_EQ(effective_count(std::vector<double>{1, -1, 1, -1, 1, -1}), 6);
}

}  // namespace
}  // namespace autotuner::metrics
