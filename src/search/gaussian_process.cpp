#include "search/gaussian_process.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "search/minimize.hpp"
#include "search/wide.hpp"

namespace autotuner::search {
namespace {

constexpr double jitter = 1e-8;

/// Four sums at a time, so that additions need not wait for each other; the order is the same everywhere.
double dot(const double* a, const double* b, std::size_t n) {
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// Square, row-major: factor L with L L' = K in place of the lower half. False if not positive definite.
AUTOTUNER_WIDE bool factorize(double* k, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    double* row = &k[i * n];
    for (std::size_t j = 0; j < i; ++j) row[j] = (row[j] - dot(row, &k[j * n], j)) / k[j * n + j];
    const double pivot = row[i] - dot(row, row, i);
    if (!(pivot > 0)) return false;
    row[i] = std::sqrt(pivot);
  }
  return true;
}

/// The lower triangle of L^-1, row-major; `inverse` holds zeros.
AUTOTUNER_WIDE void invert_factor(const double* l, std::size_t n, double* inverse) {
  for (std::size_t i = 0; i < n; ++i) {
    double* row = &inverse[i * n];
    for (std::size_t k = 0; k < i; ++k) {
      const double factor = l[i * n + k];
      const double* other = &inverse[k * n];
      for (std::size_t j = 0; j <= k; ++j) row[j] -= factor * other[j];
    }
    const double pivot = 1 / l[i * n + i];
    for (std::size_t j = 0; j < i; ++j) row[j] *= pivot;
    row[i] = pivot;
  }
}

std::vector<double> inverse_of_factor(const std::vector<double>& l, std::size_t n) {
  std::vector<double> inverse(n * n, 0.0);
  invert_factor(l.data(), n, inverse.data());
  return inverse;
}

/// K^-1 = L^-T L^-1, both halves.
AUTOTUNER_WIDE void multiply_inverses(const double* inverse, std::size_t n, double* product) {
  for (std::size_t k = 0; k < n; ++k) {
    const double* row = &inverse[k * n];
    for (std::size_t i = 0; i <= k; ++i) {
      double* out = &product[i * n];
      for (std::size_t j = 0; j <= i; ++j) out[j] += row[i] * row[j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) product[j * n + i] = product[i * n + j];
  }
}

std::vector<double> inverse_of_product(const std::vector<double>& inverse, std::size_t n) {
  std::vector<double> product(n * n, 0.0);
  multiply_inverses(inverse.data(), n, product.data());
  return product;
}

/// Solves for a further row of a packed factor; returns the sum of its squares.
AUTOTUNER_WIDE double eliminate_row(const double* packed, std::size_t size, double* row) {
  for (std::size_t j = 0; j < size; ++j) {
    const double* other = packed + j * (j + 1) / 2;
    row[j] = (row[j] - dot(row, other, j)) / other[j];
  }
  return dot(row, row, size);
}

std::vector<double> times(const std::vector<double>& matrix, std::span<const double> v) {
  std::vector<double> product(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) product[i] = dot(&matrix[i * v.size()], v.data(), v.size());
  return product;
}

std::vector<double> inverse_squares(std::span<const double> log_lengths) {
  std::vector<double> weights;
  weights.reserve(log_lengths.size());
  for (const double length : log_lengths) weights.push_back(std::exp(-2 * length));
  return weights;
}

Kernel with(Kernel kernel, std::span<const double> parameters) {
  const auto groups = parameters.size() - 2;
  kernel.log_lengths.assign(parameters.begin(), parameters.begin() + static_cast<std::ptrdiff_t>(groups));
  kernel.log_signal = parameters[groups];
  kernel.log_noise = parameters[groups + 1];
  return kernel;
}

/// Adds what a normal prior costs, and its slope.
double prior_cost(double x, double mean, double deviation, double& slope) {
  const double z = (x - mean) / deviation;
  slope += z / deviation;
  return z * z / 2;
}

}  // namespace

double matern(double squared, double* derivative) {
  const double root = std::sqrt(5 * squared);
  const double decay = std::exp(-root);
  // d/dq (1 + r' + r'^2/3) e^-r' with r' = sqrt(5 q): -(5/6)(1 + r') e^-r'
  if (derivative != nullptr) *derivative = -5.0 / 6 * (1 + root) * decay;
  return (1 + root + 5.0 / 3 * squared) * decay;
}

std::vector<double> column_weights(const Kernel& kernel, std::span<const std::size_t> groups) {
  std::vector<double> weights;
  weights.reserve(groups.size());
  for (const auto group : groups) weights.push_back(std::exp(-2 * kernel.log_lengths[group]));
  return weights;
}

double covariance(const Kernel& kernel, std::span<const double> column_weights, const TrainingSet& set,
                  std::size_t i, std::size_t j) {
  const auto a = set.row(i);
  const auto b = set.row(j);
  double squared = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    const double gap = a[c] - b[c];
    squared += gap * gap * column_weights[c];
  }
  return std::exp(2 * kernel.log_signal) * matern(squared) + kernel.constant * kernel.constant +
         kernel.slope * kernel.slope * set.expectations[i] * set.expectations[j];
}

SquaredGaps::SquaredGaps(const TrainingSet& set)
    : groups_(set.group_count), values_(set.size() * (set.size() + 1) / 2 * set.group_count, 0.0) {
  double* out = values_.data();
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto a = set.row(i);
    for (std::size_t j = 0; j < i; ++j, out += groups_) {
      const auto b = set.row(j);
      for (std::size_t c = 0; c < a.size(); ++c) out[set.groups[c]] += (a[c] - b[c]) * (a[c] - b[c]);
    }
  }
}

double fit_loss(const TrainingSet& set, const SquaredGaps& gaps, const Kernel& fixed,
                const KernelPrior& prior, std::span<const double> parameters, std::span<double> gradient) {
  constexpr double nowhere = std::numeric_limits<double>::infinity();
  const auto n = set.size();
  const auto groups = set.group_count;
  if (std::ranges::any_of(parameters, [](double p) { return !(std::abs(p) < 12); })) return nowhere;
  const auto weights = inverse_squares(parameters.first(groups));
  const double signal = std::exp(2 * parameters[groups]);
  const double noise = std::exp(2 * parameters[groups + 1]);
  const double constant = fixed.constant * fixed.constant;
  const double slope = fixed.slope * fixed.slope;
  std::vector<double> k(n * n);
  std::vector<double> shape(n * n);   // s^2 m
  std::vector<double> change(n * n);  // s^2 dm/dq
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      double derivative = 0;
      shape[i * n + j] = signal * matern(dot(gaps.of(i, j), weights.data(), groups), &derivative);
      change[i * n + j] = signal * derivative;
      k[i * n + j] = shape[i * n + j] + constant + slope * set.expectations[i] * set.expectations[j];
    }
    k[i * n + i] = signal + constant + slope * set.expectations[i] * set.expectations[i] +
                   noise * set.noise_scales[i] + jitter;
  }
  if (!factorize(k.data(), n)) return nowhere;
  const auto inverse_factor = inverse_of_factor(k, n);
  std::vector<double> white(n);
  for (std::size_t i = 0; i < n; ++i) white[i] = dot(&inverse_factor[i * n], set.targets.data(), i + 1);
  double loss = dot(white.data(), white.data(), n) / 2;
  for (std::size_t i = 0; i < n; ++i) loss += std::log(k[i * n + i]);
  std::vector<double> slopes(groups + 2, 0.0);
  for (std::size_t g = 0; g < groups; ++g)
    loss += prior_cost(parameters[g], prior.length_mean_of(g), prior.length_deviation, slopes[g]);
  loss += prior_cost(parameters[groups], prior.signal_mean, prior.signal_deviation, slopes[groups]);
  loss += prior_cost(parameters[groups + 1], prior.noise_mean, prior.noise_deviation, slopes[groups + 1]);
  if (gradient.empty()) return loss;

  // d loss / d theta = 1/2 tr((K^-1 - alpha alpha') dK/dtheta)
  const auto inverse = inverse_of_product(inverse_factor, n);
  const auto alpha = times(inverse, set.targets);
  std::vector<double> by_group(groups, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const double on_diagonal = inverse[i * n + i] - alpha[i] * alpha[i];
    slopes[groups] += signal * on_diagonal;
    slopes[groups + 1] += noise * set.noise_scales[i] * on_diagonal;
    for (std::size_t j = 0; j < i; ++j) {
      const double pull = inverse[i * n + j] - alpha[i] * alpha[j];
      slopes[groups] += 2 * shape[i * n + j] * pull;
      const double moved = pull * change[i * n + j];
      const double* gap = gaps.of(i, j);
      for (std::size_t g = 0; g < groups; ++g) by_group[g] += moved * gap[g];
    }
  }
  // dq/d(ln l) = -2 gap^2 / l^2; the pair counts twice, the trace by half.
  for (std::size_t g = 0; g < groups; ++g) slopes[g] -= 2 * by_group[g] * weights[g];
  std::ranges::copy(slopes, gradient.begin());
  return loss;
}

Kernel fit(const TrainingSet& set, const Kernel& start, const KernelPrior& prior, int iterations) {
  auto parameters = start.log_lengths;
  parameters.push_back(start.log_signal);
  parameters.push_back(start.log_noise);
  const SquaredGaps gaps(set);
  const auto loss = [&](std::span<const double> x, std::span<double> gradient) {
    return fit_loss(set, gaps, start, prior, x, gradient);
  };
  return with(start, minimize(loss, std::move(parameters), iterations));
}

LeaveOneOut leave_one_out(const TrainingSet& set, const Kernel& kernel) {
  const auto n = set.size();
  std::vector<double> k(n * n);
  const auto weights = column_weights(kernel, set.groups);
  const double noise = std::exp(2 * kernel.log_noise);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) k[i * n + j] = covariance(kernel, weights, set, i, j);
    k[i * n + i] += noise * set.noise_scales[i] + jitter;
  }
  LeaveOneOut result;
  if (!factorize(k.data(), n)) {
    result.residuals.assign(n, 0.0);
    result.deviations.assign(n, 1.0);
    result.log_likelihood = -std::numeric_limits<double>::infinity();
    return result;
  }
  const auto inverse = inverse_of_product(inverse_of_factor(k, n), n);
  const auto alpha = times(inverse, set.targets);
  for (std::size_t i = 0; i < n; ++i) {
    const double variance = 1 / inverse[i * n + i];
    const double residual = alpha[i] * variance;
    result.residuals.push_back(residual);
    result.deviations.push_back(std::sqrt(variance));
    result.log_likelihood -= (std::log(2 * std::numbers::pi * variance) + residual * residual / variance) / 2;
  }
  return result;
}

void CholeskyFactor::append(std::span<const double> covariances) {
  const auto start = values_.size();
  values_.insert(values_.end(), covariances.begin(), covariances.end());
  double* row_values = &values_[start];
  const double variance = row_values[size_];
  const double pivot = variance - eliminate_row(values_.data(), size_, row_values);
  row_values[size_] = std::sqrt(std::max(pivot, jitter * variance));
  ++size_;
}

void CholeskyFactor::truncate(std::size_t size) {
  size_ = size;
  values_.resize(size * (size + 1) / 2);
}

}  // namespace autotuner::search
