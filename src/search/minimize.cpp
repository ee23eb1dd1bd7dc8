#include "search/minimize.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace autotuner::search {
namespace {

constexpr std::size_t memory = 6;
constexpr double sufficient = 1e-4;  ///< Armijo's share of the predicted decrease
constexpr double small_gradient = 1e-3;
constexpr double small_gain = 1e-5;
constexpr double longest_step = 2;  ///< in the first iteration, where the curvature is not known yet

struct Pair {
  std::vector<double> step;
  std::vector<double> change;  ///< of the gradient
  double rho = 0;
};

double product(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add_scaled(std::span<double> a, double factor, std::span<const double> b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

/// -H g by the two-loop recursion.
std::vector<double> direction(std::span<const double> gradient, const std::deque<Pair>& pairs) {
  std::vector<double> d(gradient.begin(), gradient.end());
  std::vector<double> alphas(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alphas[i] = pairs[i].rho * product(pairs[i].step, d);
    add_scaled(d, -alphas[i], pairs[i].change);
  }
  if (!pairs.empty()) {
    const auto& last = pairs.back();
    const double scale = 1 / (last.rho * product(last.change, last.change));
    for (auto& x : d) x *= scale;
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double beta = pairs[i].rho * product(pairs[i].change, d);
    add_scaled(d, alphas[i] - beta, pairs[i].step);
  }
  for (auto& x : d) x = -x;
  return d;
}

}  // namespace

std::vector<double> minimize(const Differentiable& function, std::vector<double> start, int iterations) {
  auto x = std::move(start);
  std::vector<double> gradient(x.size());
  double value = function(x, gradient);
  if (!std::isfinite(value)) return x;
  std::deque<Pair> pairs;
  std::vector<double> next_gradient(x.size());
  for (int iteration = 0; iteration < iterations; ++iteration) {
    if (std::sqrt(product(gradient, gradient)) < small_gradient) break;
    auto step = direction(gradient, pairs);
    double slope = product(step, gradient);
    if (!(slope < 0)) {
      pairs.clear();
      step = direction(gradient, pairs);
      slope = product(step, gradient);
    }
    const double length = std::sqrt(product(step, step));
    double t = length > longest_step ? longest_step / length : 1;
    std::vector<double> next;
    double next_value = 0;
    bool found = false;
    for (int halvings = 0; halvings < 20 && !found; ++halvings) {
      next = x;
      add_scaled(next, t, step);
      next_value = function(next, next_gradient);
      found = std::isfinite(next_value) && next_value <= value + sufficient * t * slope;
      if (!found) t /= 2;
    }
    if (!found) break;
    Pair pair{next, next_gradient, 0};
    add_scaled(pair.step, -1, x);
    add_scaled(pair.change, -1, gradient);
    const double curvature = product(pair.step, pair.change);
    if (curvature > 1e-10) {
      pair.rho = 1 / curvature;
      pairs.push_back(std::move(pair));
      if (pairs.size() > memory) pairs.pop_front();
    }
    const double gain = value - next_value;
    x = std::move(next);
    gradient = next_gradient;
    value = next_value;
    if (gain < small_gain) break;
  }
  return x;
}

}  // namespace autotuner::search
