#include "search/surrogate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "search/wide.hpp"

namespace autotuner::search {
namespace {

constexpr double least_noise = 1e-8;
constexpr float least_variance = 1e-9F;

/// e^x for x <= 0 to 2e-7 relative, without branches, so that it is computed for several at once: 2^n times
/// the Taylor polynomial of 2^f, |f| <= 1/2.
inline float exp_of_negative(float x) {
  const float y = std::max(x, -80.0F) * std::numbers::log2e_v<float>;
  const auto n = static_cast<std::int32_t>(y - 0.5F);
  const float f = (y - static_cast<float>(n)) * std::numbers::ln2_v<float>;
  const float p =
      1 + f * (1 + f * (0.5F + f * (1.0F / 6 + f * (1.0F / 24 + f * (1.0F / 120 + f * (1.0F / 720))))));
  return p * std::bit_cast<float>((n + 127) << 23);
}

constexpr auto tile = CandidateSet::tile;

struct Distances {
  std::span<const float> at;
  std::span<const float> weights;  ///< by column
  const float* values;             ///< of the tile, column after column
  float signal;
  float constant;
};

/// k(at, candidates)
AUTOTUNER_WIDE void covariances(const Distances& d, float* out) {
  float* squared = out;
  for (std::size_t j = 0; j < tile; ++j) squared[j] = 0;
  for (std::size_t c = 0; c < d.at.size(); ++c) {
    const float at = d.at[c];
    const float weight = d.weights[c];
    const float* values = d.values + c * tile;
    for (std::size_t j = 0; j < tile; ++j) {
      const float gap = values[j] - at;
      squared[j] += gap * gap * weight;
    }
  }
  for (std::size_t j = 0; j < tile; ++j) {
    const float root = std::sqrt(5 * squared[j]);
    out[j] = d.signal * (1 + root + 5.0F / 3 * squared[j]) * exp_of_negative(-root) + d.constant;
  }
}

/// v -= the first `count` rows, each times its factor.
AUTOTUNER_WIDE void eliminate(const float* rows, const float* factors, std::size_t count, float* v) {
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float* row = rows + r * tile;
    const float a = factors[r];
    const float b = factors[r + 1];
    const float c = factors[r + 2];
    const float d = factors[r + 3];
    for (std::size_t j = 0; j < tile; ++j)
      v[j] -= (a * row[j] + b * row[tile + j]) + (c * row[2 * tile + j] + d * row[3 * tile + j]);
  }
  for (; r < count; ++r) {
    const float* row = rows + r * tile;
    for (std::size_t j = 0; j < tile; ++j) v[j] -= factors[r] * row[j];
  }
}

struct NewRow {
  float inverse_pivot;
  float white;
};

AUTOTUNER_WIDE void finish(NewRow row, float* v, float* means, float* variances) {
  for (std::size_t j = 0; j < tile; ++j) {
    v[j] *= row.inverse_pivot;
    means[j] += v[j] * row.white;
    variances[j] -= v[j] * v[j];
  }
}

}  // namespace

Process::Process(Kernel kernel, TrainingSet set)
    : kernel_(std::move(kernel)), set_(std::move(set)), weights_(column_weights(kernel_, set_.groups)) {
  while (factor_.size() < set_.size()) grow();
}

void Process::grow() {
  const auto i = factor_.size();
  std::vector<double> row(i + 1);
  for (std::size_t j = 0; j <= i; ++j) row[j] = covariance(kernel_, weights_, set_, i, j);
  row[i] += std::exp(2 * kernel_.log_noise) * set_.noise_scales[i] + least_noise;
  factor_.append(row);
  const auto l = factor_.row(i);
  double rest = set_.targets[i];
  for (std::size_t j = 0; j < i; ++j) rest -= l[j] * white_[j];
  white_.push_back(rest / l[i]);
}

void Process::append(std::span<const double> row, double expectation, double target, double noise_scale) {
  set_.rows.insert(set_.rows.end(), row.begin(), row.end());
  set_.expectations.push_back(expectation);
  set_.targets.push_back(target);
  set_.noise_scales.push_back(noise_scale);
  grow();
}

void Process::imagine(std::span<const double> row, double expectation) {
  append(row, expectation, at(row, expectation).mean, 1);
}

void Process::truncate(std::size_t size) {
  set_.rows.resize(size * set_.groups.size());
  set_.expectations.resize(size);
  set_.targets.resize(size);
  set_.noise_scales.resize(size);
  factor_.truncate(size);
  white_.resize(size);
}

Gaussian Process::at(std::span<const double> row, double expectation) const {
  std::vector<double> v(size());
  double mean = 0;
  double variance = std::exp(2 * kernel_.log_signal) + kernel_.constant * kernel_.constant +
                    kernel_.slope * kernel_.slope * expectation * expectation;
  const double signal = std::exp(2 * kernel_.log_signal);
  for (std::size_t i = 0; i < size(); ++i) {
    const auto other = set_.row(i);
    double squared = 0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double gap = row[c] - other[c];
      squared += gap * gap * weights_[c];
    }
    double k = signal * matern(squared) + kernel_.constant * kernel_.constant +
               kernel_.slope * kernel_.slope * expectation * set_.expectations[i];
    const auto l = factor_.row(i);
    for (std::size_t j = 0; j < i; ++j) k -= l[j] * v[j];
    v[i] = k / l[i];
    mean += v[i] * white_[i];
    variance -= v[i] * v[i];
  }
  return {mean, std::sqrt(std::max(variance, static_cast<double>(least_variance)))};
}

PosteriorMean::PosteriorMean(const Process& process)
    : kernel_(process.kernel()),
      column_weights_(column_weights(kernel_, process.set().groups)),
      columns_(process.set().groups.size()),
      rows_(process.set().rows),
      weights_(process.white().begin(), process.white().end()) {
  for (std::size_t i = weights_.size(); i-- > 0;) {
    const auto l = process.factor().row(i);
    weights_[i] /= l[i];
    for (std::size_t j = 0; j < i; ++j) weights_[j] -= l[j] * weights_[i];
  }
}

double PosteriorMean::at(std::span<const double> row) const {
  const double signal = std::exp(2 * kernel_.log_signal);
  const double constant = kernel_.constant * kernel_.constant;
  double mean = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    double squared = 0;
    for (std::size_t c = 0; c < columns_; ++c) {
      const double gap = row[c] - rows_[i * columns_ + c];
      squared += gap * gap * column_weights_[c];
    }
    mean += weights_[i] * (signal * matern(squared) + constant);
  }
  return mean;
}

JointGaussian Process::jointly(std::span<const double> rows, std::span<const double> expectations) const {
  // Of the factor of observations and points together, the corner of the points is that of their posterior.
  constexpr double no_noise = 1e-6;
  const auto columns = set_.groups.size();
  Process all = *this;
  JointGaussian result;
  for (std::size_t i = 0; i < expectations.size(); ++i) {
    const auto row = rows.subspan(i * columns, columns);
    result.means.push_back(at(row, expectations[i]).mean);
    all.append(row, expectations[i], 0, no_noise);
    const auto corner = all.factor().row(size() + i).subspan(size());
    result.factor.insert(result.factor.end(), corner.begin(), corner.end());
  }
  return result;
}

CandidateSet::CandidateSet(std::size_t columns, std::span<const double> rows)
    : size_(columns == 0 ? 0 : rows.size() / columns), columns_(columns) {
  values_.assign(tiles() * columns_ * tile, 0.0F);
  for (std::size_t i = 0; i < size_; ++i) {
    for (std::size_t c = 0; c < columns_; ++c) {
      values_[((i / tile) * columns_ + c) * tile + i % tile] = static_cast<float>(rows[i * columns_ + c]);
    }
  }
}

void CandidatePosterior::restart(std::shared_ptr<const CandidateSet> candidates,
                                 std::vector<float> expectations, const Kernel& kernel) {
  candidates_ = std::move(candidates);
  expectations_ = std::move(expectations);
  size_ = 0;
  white_.clear();
  rows_.resize(candidates_->tiles());
  const auto padded = candidates_->tiles() * CandidateSet::tile;
  if (!expectations_.empty()) expectations_.resize(padded, 0.0F);
  prior_variance_ = static_cast<float>(std::exp(2 * kernel.log_signal) + kernel.constant * kernel.constant);
  slope_ = static_cast<float>(kernel.slope * kernel.slope);
  means_.assign(padded, 0.0F);
  variances_.assign(padded, prior_variance_);
  for (std::size_t i = 0; i < expectations_.size(); ++i)
    variances_[i] += slope_ * expectations_[i] * expectations_[i];
}

/// What a process has gained since `from` observations, in the numbers that tiles are reckoned with.
struct CandidatePosterior::Growth {
  struct Row {
    std::vector<float> at;
    std::vector<float> factor;
    float expectation;
    float inverse_pivot;
  };

  Growth(const Process& process, std::size_t from)
      : weights(to_floats(column_weights(process.kernel(), process.set().groups))),
        signal(static_cast<float>(std::exp(2 * process.kernel().log_signal))),
        constant(static_cast<float>(process.kernel().constant * process.kernel().constant)) {
    for (std::size_t i = from; i < process.size(); ++i) {
      const auto l = process.factor().row(i);
      rows.push_back({to_floats(process.set().row(i)), to_floats(l),
                      static_cast<float>(process.set().expectations[i]), static_cast<float>(1 / l[i])});
    }
  }

  static std::vector<float> to_floats(std::span<const double> values) {
    std::vector<float> floats(values.size());
    std::ranges::transform(values, floats.begin(), [](double x) { return static_cast<float>(x); });
    return floats;
  }

  std::vector<float> weights;  ///< by column
  float signal;
  float constant;
  std::vector<Row> rows;
};

void CandidatePosterior::follow(const Process& process) {
  for (std::size_t i = white_.size(); i < process.size(); ++i)
    white_.push_back(static_cast<float>(process.white()[i]));
  const Growth growth(process, size_);
  for (std::size_t t = 0; t < candidates_->tiles(); ++t) extend_tile(growth, t);
  size_ = process.size();
}

void CandidatePosterior::truncate(std::size_t size) {
  if (size >= size_) return;
  for (std::size_t t = 0; t < rows_.size(); ++t) {
    // Not by subtraction, which would leave rounding behind: the sums are built again.
    const auto& stored = rows_[t];
    auto* mean = &means_[t * CandidateSet::tile];
    auto* variance = &variances_[t * CandidateSet::tile];
    for (std::size_t j = 0; j < CandidateSet::tile; ++j) {
      const float e = expectations_.empty() ? 0.0F : expectations_[t * CandidateSet::tile + j];
      mean[j] = 0;
      variance[j] = prior_variance_ + slope_ * e * e;
    }
    for (std::size_t i = 0; i < size; ++i) {
      const float* v = &stored[i * CandidateSet::tile];
      for (std::size_t j = 0; j < CandidateSet::tile; ++j) {
        mean[j] += v[j] * white_[i];
        variance[j] -= v[j] * v[j];
      }
    }
  }
  size_ = size;
  white_.resize(size);
}

void CandidatePosterior::extend_tile(const Growth& growth, std::size_t tile_index) {
  auto& stored = rows_[tile_index];
  const auto end = size_ + growth.rows.size();
  if (const auto needed = end * CandidateSet::tile; stored.size() < needed)
    stored.resize(std::max(needed, stored.size() * 3 / 2));
  const float* expected = expectations_.empty() ? nullptr : &expectations_[tile_index * CandidateSet::tile];
  for (std::size_t i = size_; i < end; ++i) {
    const auto& row = growth.rows[i - size_];
    float* v = &stored[i * CandidateSet::tile];
    covariances({row.at, growth.weights, candidates_->values(tile_index, 0), growth.signal, growth.constant},
                v);
    if (expected != nullptr && slope_ != 0) {
      const float share = slope_ * row.expectation;
      for (std::size_t j = 0; j < CandidateSet::tile; ++j) v[j] += share * expected[j];
    }
    eliminate(stored.data(), row.factor.data(), i, v);
    finish({row.inverse_pivot, white_[i]}, v, &means_[tile_index * CandidateSet::tile],
           &variances_[tile_index * CandidateSet::tile]);
  }
}

}  // namespace autotuner::search
