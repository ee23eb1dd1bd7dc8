#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "search/gaussian_process.hpp"

namespace autotuner::search {

struct Gaussian {
  double mean = 0;
  double deviation = 0;
};

/// Several quantities that vary together: means, and the lower factor of their covariance, row after row.
struct JointGaussian {
  std::vector<double> means;
  std::vector<double> factor;

  /// Row i, i + 1 numbers.
  std::span<const double> row(std::size_t i) const {
    return std::span(factor).subspan(i * (i + 1) / 2, i + 1);
  }
};

/// A kernel with its observations: predicts, and grows by one observation in O(n^2).
class Process {
 public:
  Process() = default;
  Process(Kernel kernel, TrainingSet set);

  void append(std::span<const double> row, double expectation, double target, double noise_scale);
  /// Believes its own prediction: what a pending trial adds is certainty, not news (Kriging believer,
  /// Ginsbourger et al. 2010).
  void imagine(std::span<const double> row, double expectation);
  void truncate(std::size_t size);

  std::size_t size() const { return factor_.size(); }
  const Kernel& kernel() const { return kernel_; }
  const TrainingSet& set() const { return set_; }
  const CholeskyFactor& factor() const { return factor_; }
  /// L^-1 y
  std::span<const double> white() const { return white_; }
  /// Of the noise-free function.
  Gaussian at(std::span<const double> row, double expectation) const;
  /// Of the noise-free function at several points, `columns` features each.
  JointGaussian jointly(std::span<const double> rows, std::span<const double> expectations) const;

 private:
  void grow();

  Kernel kernel_;
  TrainingSet set_;
  std::vector<double> weights_;  ///< by column
  CholeskyFactor factor_;
  std::vector<double> white_;
};

/// The posterior mean of a process by itself: O(n) for a point.
class PosteriorMean {
 public:
  explicit PosteriorMean(const Process& process);
  /// In the units of the process, where nothing is expected.
  double at(std::span<const double> row) const;

 private:
  Kernel kernel_;
  std::vector<double> column_weights_;
  std::size_t columns_ = 0;
  std::vector<double> rows_;
  std::vector<double> weights_;  ///< K^-1 y
};

/// Points to be judged, by column in tiles that stay in the cache.
class CandidateSet {
 public:
  static constexpr std::size_t tile = 256;

  /// `rows`: row after row, `columns` each.
  CandidateSet(std::size_t columns, std::span<const double> rows);

  std::size_t size() const { return size_; }
  std::size_t tiles() const { return (size_ + tile - 1) / tile; }
  std::size_t columns() const { return columns_; }
  /// The numbers of one candidate, `columns()` of them.
  void copy(std::size_t index, std::span<double> row) const {
    for (std::size_t c = 0; c < columns_; ++c)
      row[c] = static_cast<double>(values(index / tile, c)[index % tile]);
  }
  /// One column of one tile: `tile` numbers, the last ones of the last tile unused.
  const float* values(std::size_t tile_index, std::size_t column) const {
    return &values_[(tile_index * columns_ + column) * tile];
  }

 private:
  std::size_t size_ = 0;
  std::size_t columns_ = 0;
  std::vector<float> values_;
};

/// What a process says of all candidates at once. Follows a growing process: one more observation costs
/// O(n) for each candidate, and has the same bits as starting over.
class CandidatePosterior {
 public:
  /// `expectations`: by candidate, in the units of the process; empty = 0.
  void restart(std::shared_ptr<const CandidateSet> candidates, std::vector<float> expectations,
               const Kernel& kernel);
  /// Takes in the observations that the process has and this has not.
  void follow(const Process& process);
  /// Forgets observations from `size` on.
  void truncate(std::size_t size);

  bool started() const { return candidates_ != nullptr; }
  std::size_t size() const { return size_; }
  /// In the units of the process, of the noise-free function.
  std::span<const float> means() const { return means_; }
  std::span<const float> variances() const { return variances_; }

 private:
  struct Growth;
  void extend_tile(const Growth& growth, std::size_t tile_index);

  std::shared_ptr<const CandidateSet> candidates_;
  std::vector<float> expectations_;
  std::size_t size_ = 0;
  std::vector<std::vector<float>> rows_;  ///< by tile: L^-1 k(X, candidates), row after row, then room
  std::vector<float> means_;
  std::vector<float> variances_;
  std::vector<float> white_;  ///< as far as summed up
  float prior_variance_ = 1;
  float slope_ = 0;
};

}  // namespace autotuner::search
