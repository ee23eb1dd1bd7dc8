#include "search/acquisition.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace autotuner::search {
namespace {

TEST(LogImprovement, AgreesWithThePlainFormWhereThatHolds) {
  for (double z = -6; z < 6; z += 0.125) {
    const double plain = std::exp(-z * z / 2) / std::sqrt(2 * M_PI) + z * normal_cdf(z);
    EXPECT_NEAR(log_improvement(z), std::log(plain), 1e-6 * std::abs(std::log(plain)) + 1e-7) << z;
  }
}

TEST(LogImprovement, FallsSteadilyFarOut) {
  double before = log_improvement(-1);
  for (double z = -1.5; z > -1e4; z *= 1.3) {
    const double here = log_improvement(z);
    EXPECT_TRUE(std::isfinite(here));
    EXPECT_LT(here, before) << z;
    before = here;
  }
}

TEST(NormalQuantile, InvertsTheDistribution) {
  for (double p = 0.0005; p < 1; p += 0.0101) EXPECT_NEAR(normal_cdf(normal_quantile(p)), p, 1e-6);
}

TEST(Rectified, HasTheMomentsThatDrawsHave) {
  base::Random random(1);
  for (const Gaussian belief : {Gaussian{-0.5, 1}, Gaussian{0.2, 0.3}, Gaussian{2, 1}}) {
    double sum = 0;
    double squares = 0;
    constexpr int draws = 200'000;
    for (int i = 0; i < draws; ++i) {
      const double x = std::max(0.0, random.normal(belief.mean, belief.deviation));
      sum += x;
      squares += x * x;
    }
    const auto moments = rectified(belief);
    EXPECT_NEAR(moments.mean, sum / draws, 0.01);
    EXPECT_NEAR(moments.deviation, std::sqrt(squares / draws - sum * sum / draws / draws), 0.01);
  }
}

TEST(ScoreImprovement, AgreesWithDraws) {
  const ScoreBelief belief{{1, 0.5}, {{0.1, 0.4}, {-0.3, 0.2}}};
  const std::vector<double> exponents{1, 3};
  base::Random random(2);
  double sum = 0;
  constexpr int draws = 50'000;
  for (int i = 0; i < draws; ++i) {
    double score = random.normal(1, 0.5);
    score -= std::max(0.0, random.normal(0.1, 0.4)) + 3 * std::max(0.0, random.normal(-0.3, 0.2));
    sum += std::max(0.0, score - 0.9);
  }
  EXPECT_NEAR(std::exp(log_expected_improvement(belief, exponents, 0.9)), sum / draws, 0.02);
}

TEST(ScoreImprovement, NeedsNoIntegralWhereLimitsAreKept) {
  const ScoreBelief belief{{1, 0.5}, {{-9, 0.4}}};
  EXPECT_EQ(log_expected_improvement(belief, std::vector{3.0}, 0.9),
            log_expected_improvement(belief.objective, 0.9));
}

}  // namespace
}  // namespace autotuner::search
