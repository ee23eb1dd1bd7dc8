#include "base/student.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace autotuner::base {
namespace {

constexpr std::size_t most_degrees = 1000;
constexpr double farthest = 1e9;

}  // namespace

double student_within(double t, std::size_t degrees) {
  const auto n = std::clamp<std::size_t>(degrees, 1, most_degrees);
  const double theta = std::atan(t / std::sqrt(static_cast<double>(n)));
  if (n == 1) return 2 * theta / std::numbers::pi;
  const double cos2 = std::cos(theta) * std::cos(theta);
  const bool odd = n % 2 == 1;
  double term = odd ? std::cos(theta) : 1;
  double sum = term;
  for (std::size_t k = odd ? 3 : 2; k <= n - 2; k += 2) {
    const auto x = static_cast<double>(k);
    term *= cos2 * (x - 1) / x;
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (theta + std::sin(theta) * sum) : std::sin(theta) * sum;
}

double student_quantile(double tail, std::size_t degrees) {
  const double within = 1 - 2 * tail;
  double high = 1;
  while (student_within(high, degrees) < within) {
    if (high > farthest) return std::numeric_limits<double>::infinity();
    high *= 2;
  }
  double low = 0;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (student_within(middle, degrees) < within ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace autotuner::base
