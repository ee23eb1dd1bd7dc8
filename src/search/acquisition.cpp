#include "search/acquisition.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace autotuner::search {
namespace {

constexpr double log_of_root_of_two_pi = 0.9189385332046727;
constexpr int nodes = 32;

double density(double z) {
  return std::exp(-z * z / 2 - log_of_root_of_two_pi);
}

/// erfcx(x) = exp(x^2) erfc(x) for x >= 1, by its continued fraction (Abramowitz and Stegun 7.1.14).
double scaled_erfc(double x) {
  if (x < 5) return std::exp(x * x) * std::erfc(x);
  double fraction = x;
  for (int i = 24; i >= 1; --i) fraction = x + i / 2.0 / fraction;
  return 1 / (fraction * std::sqrt(std::numbers::pi));
}

double polynomial(double x, std::span<const double> coefficients) {
  double sum = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

}  // namespace

double normal_cdf(double z) {
  return std::erfc(-z / std::numbers::sqrt2) / 2;
}

double normal_quantile(double p) {
  constexpr std::array<double, 4> a{3.3871327179, 50.434271938, 159.29113202, 59.109374720};
  constexpr std::array<double, 4> b{1.0, 17.895169469, 78.757757664, 67.187563600};
  constexpr std::array<double, 4> c{1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103};
  constexpr std::array<double, 3> d{1.0, 0.73700164250, 0.12021132975};
  constexpr std::array<double, 4> e{6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997};
  constexpr std::array<double, 3> f{1.0, 0.24197894225, 0.012258202635};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(r, a) / polynomial(r, b);
  }
  double r = std::sqrt(-std::log(std::max(q < 0 ? p : 1 - p, std::numeric_limits<double>::min())));
  const double tail =
      r <= 5 ? polynomial(r - 1.6, c) / polynomial(r - 1.6, d) : polynomial(r - 5, e) / polynomial(r - 5, f);
  return q < 0 ? -tail : tail;
}

double log_improvement(double z) {
  if (z > -1) return std::log(density(z) + z * normal_cdf(z));
  // phi(z) + z Phi(z) = phi(z) (1 + z sqrt(pi/2) erfcx(-z / sqrt(2))); far out the bracket is 1 / z^2.
  double bracket = 1 / (z * z);
  if (z > -50) {
    bracket = 1 + z * std::sqrt(std::numbers::pi / 2) * scaled_erfc(-z / std::numbers::sqrt2);
  }
  return -z * z / 2 - log_of_root_of_two_pi + std::log(std::max(bracket, 1e-300));
}

double log_expected_improvement(const Gaussian& belief, double best) {
  return std::log(belief.deviation) + log_improvement((belief.mean - best) / belief.deviation);
}

Gaussian rectified(const Gaussian& belief) {
  const double z = belief.mean / belief.deviation;
  if (z < -6) return {0, 0};
  if (z > 6) return belief;
  const double p = normal_cdf(z);
  const double d = density(z);
  const double mean = belief.mean * p + belief.deviation * d;
  const double square = (belief.mean * belief.mean + belief.deviation * belief.deviation) * p +
                        belief.mean * belief.deviation * d;
  return {mean, std::sqrt(std::max(square - mean * mean, 0.0))};
}

Gaussian moments(const ScoreBelief& belief, std::span<const double> exponents) {
  double mean = belief.objective.mean;
  double variance = belief.objective.deviation * belief.objective.deviation;
  for (std::size_t i = 0; i < exponents.size(); ++i) {
    const auto excess = rectified(belief.excess[i]);
    mean -= exponents[i] * excess.mean;
    variance += exponents[i] * exponents[i] * excess.deviation * excess.deviation;
  }
  return {mean, std::sqrt(variance)};
}

double log_expected_improvement(const ScoreBelief& belief, std::span<const double> exponents, double best) {
  bool uncertain = false;
  double loss = 0;
  for (std::size_t i = 0; i < exponents.size(); ++i) {
    const auto& g = belief.excess[i];
    uncertain = uncertain || g.mean > -4 * g.deviation;
  }
  if (!uncertain) return log_expected_improvement(belief.objective, best);
  // Roberts' R sequence: the fractions of n over powers of the generalised golden ratio.
  double root = 1.5;
  const double dimensions = static_cast<double>(exponents.size());
  for (int i = 0; i < 20; ++i) root = std::pow(1 + root, 1 / (dimensions + 1));
  double highest = -std::numeric_limits<double>::infinity();
  std::array<double, nodes> values{};
  for (int n = 0; n < nodes; ++n) {
    loss = 0;
    double step = 1;
    for (std::size_t i = 0; i < exponents.size(); ++i) {
      step /= root;
      const double at = 0.5 + (n + 1) * step;
      const double u = std::clamp(at - std::floor(at), 1e-4, 1 - 1e-4);
      const auto& g = belief.excess[i];
      loss += exponents[i] * std::max(0.0, g.mean + g.deviation * normal_quantile(u));
    }
    const auto index = static_cast<std::size_t>(n);
    values[index] =
        log_expected_improvement({belief.objective.mean - loss, belief.objective.deviation}, best);
    highest = std::max(highest, values[index]);
  }
  double sum = 0;
  for (const double value : values) sum += std::exp(value - highest);
  return highest + std::log(sum / nodes);
}

}  // namespace autotuner::search
