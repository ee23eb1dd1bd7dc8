#include "search/memory_threshold.hpp"

#include <cmath>
#include <numbers>

namespace autotuner::search {
namespace {

// Shares of the memory of a GPU.
constexpr double lowest = -0.10;
constexpr double step = 0.0025;
constexpr std::size_t cells = 81;
constexpr double expected = 0.01;
constexpr double deviation = 0.015;
constexpr double error_of_point = 0.005;
/// A point may run or fail for reasons that have nothing to do with memory.
constexpr double other_reasons = 0.02;

double threshold(std::size_t cell) {
  return lowest + step * static_cast<double>(cell);
}

double runs(double margin, double at) {
  const double p = std::erfc((at - margin) / error_of_point / std::numbers::sqrt2) / 2;
  return other_reasons + (1 - 2 * other_reasons) * p;
}

}  // namespace

MemoryThreshold::MemoryThreshold() {
  for (std::size_t i = 0; i < cells; ++i) {
    const double z = (threshold(i) - expected) / deviation;
    belief_.push_back(std::exp(-z * z / 2));
  }
}

void MemoryThreshold::weigh(double margin, bool ran) {
  if (!std::isfinite(margin)) return;
  double sum = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const double p = runs(margin, threshold(i));
    belief_[i] *= ran ? p : 1 - p;
    sum += belief_[i];
  }
  for (auto& belief : belief_) belief /= sum;
}

void MemoryThreshold::ran(double margin) {
  weigh(margin, true);
}

void MemoryThreshold::ran_out(double margin) {
  weigh(margin, false);
}

double MemoryThreshold::operator()(double margin) const {
  if (!std::isfinite(margin)) return 1;
  double chance = 0;
  double sum = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    chance += belief_[i] * runs(margin, threshold(i));
    sum += belief_[i];
  }
  return chance / sum;
}

}  // namespace autotuner::search
