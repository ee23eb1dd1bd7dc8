#include "search/surrogate.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace autotuner::search {
namespace {

constexpr double least_noise = 1e-8;
constexpr float least_variance = 1e-9F;

/// e^x for x <= 0 to 2e-7 relative, without branches, so that it is computed for several at once: 2^n times
/// the Taylor polynomial of 2^f, |f| <= 1/2.
inline float exp_of_negative(float x) {
  const float y = std::max(x, -80.0F) * 1.44269504F;
  const auto n = static_cast<std::int32_t>(y - 0.5F);
  const float f = (y - static_cast<float>(n)) * 0.69314718F;
  const float p =
      1 + f * (1 + f * (0.5F + f * (1.0F / 6 + f * (1.0F / 24 + f * (1.0F / 120 + f * (1.0F / 720))))));
  return p * std::bit_cast<float>((n + 127) << 23);
}

using Tile = std::array<float, CandidateSet::tile>;

}  // namespace

Process::Process(Kernel kernel, TrainingSet set) : kernel_(std::move(kernel)), set_(std::move(set)) {
  while (factor_.size() < set_.size()) grow();
}

void Process::grow() {
  const auto i = factor_.size();
  std::vector<double> row(i + 1);
  for (std::size_t j = 0; j <= i; ++j) row[j] = covariance(kernel_, set_, i, j);
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
  std::vector<double> weights;
  for (const auto group : set_.groups) weights.push_back(std::exp(-2 * kernel_.log_lengths[group]));
  const double signal = std::exp(2 * kernel_.log_signal);
  for (std::size_t i = 0; i < size(); ++i) {
    const auto other = set_.row(i);
    double squared = 0;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const double gap = row[c] - other[c];
      squared += gap * gap * weights[c];
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
  rows_.resize(candidates_->tiles());
  for (auto& tile_rows : rows_) tile_rows.clear();
  const auto padded = candidates_->tiles() * CandidateSet::tile;
  if (!expectations_.empty()) expectations_.resize(padded, 0.0F);
  prior_variance_ = static_cast<float>(std::exp(2 * kernel.log_signal) + kernel.constant * kernel.constant);
  slope_ = static_cast<float>(kernel.slope * kernel.slope);
  means_.assign(padded, 0.0F);
  variances_.assign(padded, prior_variance_);
  for (std::size_t i = 0; i < expectations_.size(); ++i)
    variances_[i] += slope_ * expectations_[i] * expectations_[i];
}

void CandidatePosterior::follow(const Process& process) {
  for (std::size_t t = 0; t < candidates_->tiles(); ++t) extend_tile(process, t);
  size_ = process.size();
}

void CandidatePosterior::truncate(std::size_t size) {
  if (size >= size_) return;
  for (std::size_t t = 0; t < rows_.size(); ++t) {
    auto& stored = rows_[t];
    for (std::size_t i = size_; i-- > size;) {
      // Not by subtraction, which would leave rounding behind: the sums are built again below.
      stored.resize(i * CandidateSet::tile);
    }
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

void CandidatePosterior::extend_tile(const Process& process, std::size_t tile_index) {
  const auto& kernel = process.kernel();
  const auto& set = process.set();
  const auto columns = candidates_->columns();
  const auto signal = static_cast<float>(std::exp(2 * kernel.log_signal));
  const auto constant = static_cast<float>(kernel.constant * kernel.constant);
  std::vector<float> weights(columns);
  for (std::size_t c = 0; c < columns; ++c)
    weights[c] = static_cast<float>(std::exp(-2 * kernel.log_lengths[set.groups[c]]));
  auto& stored = rows_[tile_index];
  stored.resize(process.size() * CandidateSet::tile);
  float* mean = &means_[tile_index * CandidateSet::tile];
  float* variance = &variances_[tile_index * CandidateSet::tile];
  const float* expected = expectations_.empty() ? nullptr : &expectations_[tile_index * CandidateSet::tile];
  white_.resize(process.size());
  Tile squared;
  for (std::size_t i = size_; i < process.size(); ++i) {
    squared.fill(0);
    const auto row = set.row(i);
    for (std::size_t c = 0; c < columns; ++c) {
      const auto at = static_cast<float>(row[c]);
      const float weight = weights[c];
      const float* values = candidates_->values(tile_index, c);
      for (std::size_t j = 0; j < CandidateSet::tile; ++j) {
        const float gap = values[j] - at;
        squared[j] += gap * gap * weight;
      }
    }
    float* v = &stored[i * CandidateSet::tile];
    for (std::size_t j = 0; j < CandidateSet::tile; ++j) {
      const float root = std::sqrt(5 * squared[j]);
      v[j] = signal * (1 + root + 5.0F / 3 * squared[j]) * exp_of_negative(-root) + constant;
    }
    if (expected != nullptr && slope_ != 0) {
      const float factor = slope_ * static_cast<float>(set.expectations[i]);
      for (std::size_t j = 0; j < CandidateSet::tile; ++j) v[j] += factor * expected[j];
    }
    const auto l = process.factor().row(i);
    for (std::size_t r = 0; r < i; ++r) {
      const auto factor = static_cast<float>(l[r]);
      const float* other = &stored[r * CandidateSet::tile];
      for (std::size_t j = 0; j < CandidateSet::tile; ++j) v[j] -= factor * other[j];
    }
    const auto pivot = static_cast<float>(1 / l[i]);
    const auto white = static_cast<float>(process.white()[i]);
    white_[i] = white;
    for (std::size_t j = 0; j < CandidateSet::tile; ++j) {
      v[j] *= pivot;
      mean[j] += v[j] * white;
      variance[j] -= v[j] * v[j];
    }
  }
}

}  // namespace autotuner::search
