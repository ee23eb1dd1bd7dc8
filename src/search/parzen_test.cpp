#include "search/parzen.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

using Rows = std::vector<std::vector<double>>;
using testing::Test;

const Dimension real({"m", space::RealRange{0.7, 0.95}});
const Dimension integer({"n", space::IntegerRange{1, 9}});
const Dimension stepped({"n", space::IntegerRange{64, 512, true, 64}});
const Dimension choices({"c", space::Choices{{"a", "b", "c"}}});

TEST(Parzen, WidensKernelsToTheLargerGap) {
  const auto below = Parzen({&real}, Rows{{0.85}}, Bandwidth::gaps).sigmas(0);
  EXPECT_NEAR(below[0], 0.083333, 1e-6);
  EXPECT_NEAR(below[1], 0.25, 1e-12);
  const auto above = Parzen({&real}, Rows{{0.7}, {0.9}, {0.8}}, Bandwidth::gaps).sigmas(0);
  EXPECT_NEAR(above[0], 0.1, 1e-9);
  EXPECT_NEAR(above[1], 0.075, 1e-9);
  EXPECT_NEAR(above[2], 0.1, 1e-9);
  EXPECT_NEAR(above[3], 0.25, 1e-9);
}

TEST(Parzen, NarrowsJointKernelsWithTheirNumber) {
  const auto sigmas = Parzen({&real, &integer}, Rows(64, {0.8, 5}), Bandwidth::scott).sigmas(0);
  EXPECT_NEAR(sigmas[0], 0.2 * 0.25 * std::pow(64.0, -1.0 / 6), 1e-12);
  EXPECT_NEAR(sigmas[64], 0.25, 1e-12);
}

TEST(Parzen, IsADistribution) {
  for (const std::size_t n : {0U, 1U, 3U, 25U, 26U, 40U}) {
    Rows reals;
    Rows integers;
    Rows positions;
    Rows steps;
    for (std::size_t i = 0; i < n; ++i) {
      reals.push_back({0.7 + 0.25 * static_cast<double>(i * i % 11) / 10});
      integers.push_back({static_cast<double>(1 + i * 5 % 9)});
      positions.push_back({static_cast<double>(i % 3)});
      steps.push_back({static_cast<double>(64 * (1 + i * 3 % 8))});
    }
    double integral = 0;
    const Parzen real_parzen({&real}, reals, Bandwidth::gaps);
    for (int i = 0; i < 4000; ++i) {
      const double x = 0.7 + 0.25 * (i + 0.5) / 4000;
      integral += std::exp(real_parzen.log_density(std::vector{x})) * 0.25 / 4000;
    }
    EXPECT_NEAR(integral, 1, 1e-4) << n;
    double integer_sum = 0;
    double step_sum = 0;
    double choice_sum = 0;
    for (int i = 1; i <= 9; ++i) {
      integer_sum +=
          std::exp(Parzen({&integer}, integers, Bandwidth::gaps).log_density(std::vector{double(i)}));
    }
    for (int i = 64; i <= 512; i += 64) {
      step_sum += std::exp(Parzen({&stepped}, steps, Bandwidth::gaps).log_density(std::vector{double(i)}));
    }
    for (int i = 0; i < 3; ++i) {
      choice_sum +=
          std::exp(Parzen({&choices}, positions, Bandwidth::gaps).log_density(std::vector{double(i)}));
    }
    EXPECT_NEAR(integer_sum, 1, 1e-9) << n;
    EXPECT_NEAR(step_sum, 1, 1e-9) << n;
    EXPECT_NEAR(choice_sum, 1, 1e-9) << n;
  }
}

TEST(Parzen, LetsOldObservationsFade) {
  // 40 observations of b, but the oldest 15 of a: had they full weight, a would have about 15/41.
  Rows rows(15, {0});
  rows.resize(40, {1});
  const Parzen parzen({&choices}, rows, Bandwidth::gaps);
  const double weight_a = 15 * (1.0 / 40 + 1) / 2;
  const double total = weight_a + 25 + 1;
  const double observed = (1 + 1.0 / 41) / (1 + 3.0 / 41);
  const double missed = (1.0 / 41) / (1 + 3.0 / 41);
  const double expected = (weight_a * observed + 25 * missed + 1.0 / 3) / total;
  EXPECT_NEAR(std::exp(parzen.log_density(std::vector{0.0})), expected, 1e-12);
}

TEST(Parzen, StaysFiniteFarOutInTheTails) {
  const Dimension wide({"n", space::IntegerRange{1, 1'000'000}});
  const Parzen parzen({&wide}, Rows(200, {1}), Bandwidth::gaps);
  for (const double x : {1.0, 2.0, 500'000.0, 1'000'000.0})
    EXPECT_TRUE(std::isfinite(parzen.log_density(std::vector{x})));
  const Dimension narrow({"m", space::RealRange{0, 1}});
  const Parzen crowd({&narrow}, Rows(200, {1.0}), Bandwidth::gaps);
  EXPECT_TRUE(std::isfinite(crowd.log_density(std::vector{0.0})));
}

TEST(Parzen, DrawsWhatItsDensitySays) {
  const Parzen parzen({&integer, &choices}, Rows{{4, 1}, {5, 1}}, Bandwidth::scott);
  base::Random random(5);
  int at_four_b = 0;
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i) {
    const auto drawn = parzen.draw(random);
    ASSERT_GE(drawn[0], 1);
    ASSERT_LE(drawn[0], 9);
    at_four_b += drawn == std::vector<double>{4, 1} ? 1 : 0;
  }
  EXPECT_NEAR(at_four_b / double{draws}, std::exp(parzen.log_density(std::vector{4.0, 1.0})), 0.01);
}

}  // namespace
}  // namespace autotuner::search
