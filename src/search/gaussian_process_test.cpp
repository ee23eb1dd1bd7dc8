#include "search/gaussian_process.hpp"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "search/minimize.hpp"
#include "search/surrogate.hpp"

namespace autotuner::search {
namespace {

constexpr std::array<std::size_t, 4> groups{0, 1, 1, 2};

TrainingSet example(std::size_t n, std::uint64_t seed) {
  base::Random random(seed);
  TrainingSet set;
  set.groups = groups;
  set.group_count = 3;
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < groups.size(); ++c) {
      set.rows.push_back(random.uniform());
      sum += set.rows.back();
    }
    set.expectations.push_back(random.normal());
    set.targets.push_back(std::sin(3 * sum) + random.normal(0, 0.05));
    set.noise_scales.push_back(i % 5 == 0 ? 4 : 1);
  }
  return set;
}

Kernel kernel() {
  Kernel kernel;
  kernel.log_lengths = {-0.3, 0.4, 0.1};
  kernel.log_signal = 0.1;
  kernel.log_noise = -2;
  kernel.slope = 0.3;
  return kernel;
}

TEST(GaussianProcess, HasTheGradientThatDifferencesShow) {
  const auto set = example(12, 1);
  const std::vector<double> at{-0.3, 0.4, 0.1, 0.2, -2.1};
  std::vector<double> gradient(at.size());
  fit_loss(set, SquaredGaps(set), kernel(), {}, at, gradient);
  for (std::size_t i = 0; i < at.size(); ++i) {
    constexpr double h = 1e-5;
    auto above = at;
    auto below = at;
    above[i] += h;
    below[i] -= h;
    const double slope = (fit_loss(set, SquaredGaps(set), kernel(), {}, above, {}) -
                          fit_loss(set, SquaredGaps(set), kernel(), {}, below, {})) /
                         (2 * h);
    EXPECT_NEAR(gradient[i], slope, 1e-5 * (1 + std::abs(slope))) << i;
  }
}

TEST(GaussianProcess, IsNowhereWhereItCannotBe) {
  const auto set = example(3, 1);
  EXPECT_FALSE(std::isfinite(
      fit_loss(set, SquaredGaps(set), kernel(), {}, std::vector{99.0, 0.0, 0.0, 0.0, 0.0}, {})));
  EXPECT_FALSE(std::isfinite(
      fit_loss(set, SquaredGaps(set), kernel(), {}, std::vector{std::nan(""), 0.0, 0.0, 0.0, 0.0}, {})));
}

TEST(GaussianProcess, FitsBetterThanItsStart) {
  const auto set = example(25, 2);
  const auto fitted = fit(set, kernel(), {}, 40);
  const auto loss = [&](const Kernel& k) {
    auto parameters = k.log_lengths;
    parameters.push_back(k.log_signal);
    parameters.push_back(k.log_noise);
    return fit_loss(set, SquaredGaps(set), k, {}, parameters, {});
  };
  EXPECT_LT(loss(fitted), loss(kernel()));
}

TEST(GaussianProcess, PredictsWhatItLeavesOut) {
  const auto set = example(9, 3);
  const auto left_out = leave_one_out(set, kernel());
  for (std::size_t i = 0; i < set.size(); ++i) {
    TrainingSet rest;
    rest.groups = set.groups;
    rest.group_count = set.group_count;
    for (std::size_t j = 0; j < set.size(); ++j) {
      if (j == i) continue;
      const auto row = set.row(j);
      rest.rows.insert(rest.rows.end(), row.begin(), row.end());
      rest.expectations.push_back(set.expectations[j]);
      rest.targets.push_back(set.targets[j]);
      rest.noise_scales.push_back(set.noise_scales[j]);
    }
    const auto predicted = Process(kernel(), rest).at(set.row(i), set.expectations[i]);
    EXPECT_NEAR(left_out.residuals[i], set.targets[i] - predicted.mean, 1e-6);
    const double noise = std::exp(2 * kernel().log_noise) * set.noise_scales[i];
    EXPECT_NEAR(left_out.deviations[i], std::sqrt(predicted.deviation * predicted.deviation + noise), 1e-6);
  }
}

TEST(CholeskyFactor, HasTheSameBitsGrownAndBuiltAtOnce) {
  const auto set = example(30, 4);
  Process grown(kernel(), example(0, 4));
  for (std::size_t i = 0; i < set.size(); ++i)
    grown.append(set.row(i), set.expectations[i], set.targets[i], set.noise_scales[i]);
  const Process whole(kernel(), set);
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto a = grown.factor().row(i);
    const auto b = whole.factor().row(i);
    EXPECT_TRUE(std::ranges::equal(a, b));
    EXPECT_EQ(grown.white()[i], whole.white()[i]);
  }
}

TEST(CholeskyFactor, TimesItselfIsTheCovariance) {
  const auto set = example(20, 5);
  const Process process(kernel(), set);
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k <= j; ++k) sum += process.factor().row(i)[k] * process.factor().row(j)[k];
      EXPECT_NEAR(sum, covariance(kernel(), column_weights(kernel(), set.groups), set, i, j), 1e-9);
    }
  }
}

TEST(CholeskyFactor, BearsTheSameRowTwice) {
  auto exact = kernel();
  exact.log_noise = -11;
  Process process(exact, example(4, 6));
  const std::vector<double> row{0.1, 0.2, 0.3, 0.4};
  for (int i = 0; i < 5; ++i) process.append(row, 0, 1, 1);
  EXPECT_NEAR(process.at(row, 0).mean, 1, 1e-3);
}

TEST(CandidatePosterior, SaysWhatTheProcessSays) {
  const auto set = example(20, 7);
  const Process process(kernel(), set);
  const auto points = example(600, 8);
  const auto candidates = std::make_shared<const CandidateSet>(groups.size(), points.rows);
  const std::vector<float> expectations(points.expectations.begin(), points.expectations.end());
  CandidatePosterior posterior;
  posterior.restart(candidates, expectations, kernel());
  posterior.follow(process);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto belief = process.at(points.row(i), points.expectations[i]);
    EXPECT_NEAR(posterior.means()[i], belief.mean, 1e-3);
    EXPECT_NEAR(posterior.variances()[i], belief.deviation * belief.deviation, 1e-3);
  }
}

TEST(CandidatePosterior, HasTheSameBitsWhetherItFollowedOrStartedOver) {
  const auto set = example(20, 9);
  const auto points = example(300, 10);
  const auto candidates = std::make_shared<const CandidateSet>(groups.size(), points.rows);
  CandidatePosterior followed;
  followed.restart(candidates, {}, kernel());
  Process process(kernel(), example(0, 9));
  for (std::size_t i = 0; i < set.size(); ++i) {
    process.append(set.row(i), set.expectations[i], set.targets[i], 1);
    followed.follow(process);
  }
  process.imagine(points.row(3), 0);
  followed.follow(process);
  process.truncate(set.size());
  followed.truncate(set.size());
  CandidatePosterior fresh;
  fresh.restart(candidates, {}, kernel());
  fresh.follow(process);
  EXPECT_TRUE(std::equal(followed.means().begin(), followed.means().end(), fresh.means().begin()));
  EXPECT_TRUE(
      std::equal(followed.variances().begin(), followed.variances().end(), fresh.variances().begin()));
}

TEST(Minimize, FindsTheValleyOfRosenbrock) {
  const auto rosenbrock = [](std::span<const double> x, std::span<double> gradient) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    gradient[0] = -2 * a - 400 * x[0] * b;
    gradient[1] = 200 * b;
    return a * a + 100 * b * b;
  };
  const auto x = minimize(rosenbrock, {-1.2, 1}, 200);
  EXPECT_NEAR(x[0], 1, 0.05);
  EXPECT_NEAR(x[1], 1, 0.1);
}

TEST(Minimize, StaysWhereTheStartHasNoValue) {
  const auto nowhere = [](std::span<const double>, std::span<double>) { return std::nan(""); };
  EXPECT_EQ(minimize(nowhere, {3, 4}, 10), (std::vector<double>{3, 4}));
}

}  // namespace
}  // namespace autotuner::search
