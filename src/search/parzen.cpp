#include "search/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace autotuner::search {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
/// The newest observations that keep full weight.
constexpr std::size_t full_weights = 25;

/// ln Phi(z), where erfc would underflow by Abramowitz and Stegun 26.2.12.
double log_cdf(double z) {
  if (z > -20) return std::log(0.5 * std::erfc(-z / std::numbers::sqrt2));
  const double q = 1 / (z * z);
  return -z * z / 2 - std::log(-z) - 0.5 * std::log(2 * std::numbers::pi) +
         std::log1p(-q + 3 * q * q - 15 * q * q * q);
}

/// ln(Phi(b) - Phi(a)) for a < b, without cancellation in the tails.
double log_interval(double a, double b) {
  if (a > 0) return log_interval(-b, -a);
  if (b > 0)
    return std::log1p(-0.5 * std::erfc(-a / std::numbers::sqrt2) - 0.5 * std::erfc(b / std::numbers::sqrt2));
  const double upper = log_cdf(b);
  return upper + std::log(-std::expm1(log_cdf(a) - upper));
}

/// Old observations fade linearly: N - 25 of them from 1/N to 1. The prior has the weight of a new one.
std::vector<double> weights_of(std::size_t n) {
  std::vector<double> weights(n + 1, 1.0);
  const auto fading = n > full_weights ? n - full_weights : 0;
  for (std::size_t i = 0; i < fading; ++i) {
    const double first = 1.0 / static_cast<double>(n);
    const double part = fading == 1 ? 0 : static_cast<double>(i) / static_cast<double>(fading - 1);
    weights[i] = first + (1 - first) * part;
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (auto& weight : weights) weight /= sum;
  return weights;
}

/// The larger gap to a neighbour, the prior's mean and the ends of the domain being neighbours, too; next to
/// an end only the inner gap counts. `mus`: observations, then the prior's mean.
std::vector<double> gaps_of(const std::vector<double>& mus, double low, double high) {
  std::vector<std::size_t> order(mus.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(
      order, [&](std::size_t a, std::size_t b) { return mus[a] < mus[b] || (mus[a] == mus[b] && a < b); });
  std::vector<double> gaps(mus.size());
  const auto last = mus.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const double mu = mus[order[i]];
    const double left = i == 0 ? mu - low : mu - mus[order[i - 1]];
    const double right = i == last ? high - mu : mus[order[i + 1]] - mu;
    gaps[order[i]] = std::max(left, right);
    if (last > 0 && i == 0) gaps[order[i]] = right;
    if (last > 0 && i == last) gaps[order[i]] = left;
  }
  return gaps;
}

}  // namespace

Parzen::Parzen(std::vector<const Dimension*> dimensions, std::span<const std::vector<double>> rows,
               Bandwidth bandwidth)
    : weights_(weights_of(rows.size())) {
  for (const double weight : weights_) log_weights_.push_back(std::log(weight));
  columns_.resize(dimensions.size());
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    columns_[i].dimension = dimensions[i];
    fit(columns_[i], rows, i, bandwidth);
  }
  if (columns_.size() != 1 || dimensions[0]->form() != Dimension::Form::categorical) return;
  std::vector<double> answers;
  for (std::uint64_t position = 0; position < dimensions[0]->count(); ++position) {
    answers.push_back(log_sum(std::vector{static_cast<double>(position)}));
  }
  log_densities_ = std::move(answers);
}

void Parzen::fit(Column& column, std::span<const std::vector<double>> rows, std::size_t index,
                 Bandwidth bandwidth) const {
  if (column.dimension->form() == Dimension::Form::categorical) {
    for (const auto& row : rows) column.observed.push_back(row[index]);
    // Every choice gets 1/(N + 1), the observed one 1 more, normalised; the prior is uniform.
    const auto choices = static_cast<double>(column.dimension->count());
    const double base = 1.0 / static_cast<double>(rows.size() + 1);
    column.log_hit = std::log((1 + base) / (1 + choices * base));
    column.log_miss = std::log(base / (1 + choices * base));
    column.log_prior = -std::log(choices);
    return;
  }
  const double low = column.dimension->axis_low();
  const double high = column.dimension->axis_high();
  const double width = high - low;
  const auto n = static_cast<double>(rows.size());
  std::vector<double> mus;
  for (const auto& row : rows) mus.push_back(column.dimension->to_axis(row[index]));
  mus.push_back((low + high) / 2);
  const double scott =
      0.2 * width * std::pow(std::max(n, 1.0), -1.0 / (static_cast<double>(columns_.size()) + 4));
  auto sigmas =
      bandwidth == Bandwidth::gaps ? gaps_of(mus, low, high) : std::vector<double>(mus.size(), scott);
  for (auto& sigma : sigmas) sigma = std::clamp(sigma, width / std::min(100.0, n + 2), width);
  sigmas.back() = width;
  for (std::size_t i = 0; i < mus.size(); ++i) {
    column.normals.push_back(
        {mus[i], sigmas[i], log_interval((low - mus[i]) / sigmas[i], (high - mus[i]) / sigmas[i])});
  }
}

std::vector<double> Parzen::sigmas(std::size_t dimension) const {
  std::vector<double> sigmas;
  for (const auto& normal : columns_[dimension].normals) sigmas.push_back(normal.sigma);
  return sigmas;
}

double Parzen::log_category(const Column& column, std::size_t kernel, double position) {
  if (kernel == column.observed.size()) return column.log_prior;
  return position == column.observed[kernel] ? column.log_hit : column.log_miss;
}

double Parzen::log_kernel(const Column& column, std::size_t kernel, double coordinate) {
  const auto& dimension = *column.dimension;
  if (dimension.form() == Dimension::Form::categorical) return log_category(column, kernel, coordinate);
  const auto& normal = column.normals[kernel];
  if (dimension.form() == Dimension::Form::integer) {
    const double a = (dimension.cell_low(coordinate) - normal.mu) / normal.sigma;
    const double b = (dimension.cell_high(coordinate) - normal.mu) / normal.sigma;
    return log_interval(a, b) - normal.log_mass;
  }
  const double z = (dimension.to_axis(coordinate) - normal.mu) / normal.sigma;
  return -z * z / 2 - 0.5 * std::log(2 * std::numbers::pi) - std::log(normal.sigma) - normal.log_mass;
}

double Parzen::log_density(std::span<const double> coordinates) const {
  return log_densities_.empty() ? log_sum(coordinates)
                                : log_densities_[static_cast<std::size_t>(coordinates.front())];
}

double Parzen::log_sum(std::span<const double> coordinates) const {
  std::vector<double> terms = log_weights_;
  double largest = -infinity;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    for (std::size_t i = 0; i < columns_.size(); ++i) terms[k] += log_kernel(columns_[i], k, coordinates[i]);
    largest = std::max(largest, terms[k]);
  }
  if (largest == -infinity) return largest;
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

double Parzen::draw_from(const Column& column, std::size_t kernel, base::Random& random) {
  const auto& dimension = *column.dimension;
  if (dimension.form() == Dimension::Form::categorical) {
    double u = random.uniform();
    const auto choices = static_cast<std::size_t>(dimension.count());
    for (std::size_t position = 0; position + 1 < choices; ++position) {
      u -= std::exp(log_category(column, kernel, static_cast<double>(position)));
      if (u < 0) return static_cast<double>(position);
    }
    return static_cast<double>(choices - 1);
  }
  // Means lie inside the domain and no kernel is wider than it, so a third of the draws or more stay inside.
  const auto& normal = column.normals[kernel];
  double x = random.normal(normal.mu, normal.sigma);
  while (x < dimension.axis_low() || x > dimension.axis_high()) x = random.normal(normal.mu, normal.sigma);
  return dimension.from_axis(x);
}

std::vector<double> Parzen::draw(base::Random& random) const {
  double u = random.uniform();
  std::size_t kernel = 0;
  while (kernel + 1 < weights_.size() && (u -= weights_[kernel]) >= 0) ++kernel;
  std::vector<double> coordinates;
  for (const auto& column : columns_) coordinates.push_back(draw_from(column, kernel, random));
  return coordinates;
}

}  // namespace autotuner::search
