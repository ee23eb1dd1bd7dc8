#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace autotuner::search {

/// The covariance of a Gaussian process with what is not fixed by the data:
///
///   k(x, x') = s^2 m(r) + c^2 + t^2 p p',   r^2 = sum over columns ((x_j - x'_j) / l_group(j))^2,
///   m(r) = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)
///
/// Matern 5/2 with one length scale per group of columns (Rasmussen and Williams 2006, 4.17), a constant of
/// unknown height, and a slope on an expectation p of which only the deviation from its prior is left. The
/// noise of observation i is n^2 w_i.
struct Kernel {
  std::vector<double> log_lengths;  ///< by group
  double log_signal = 0;            ///< ln s
  double log_noise = -3;            ///< ln n
  double constant = 1;              ///< c
  double slope = 0;                 ///< t
  bool operator==(const Kernel&) const = default;
};

/// What a kernel is fitted to: rows of features, and by row an expectation and an observation.
struct TrainingSet {
  std::span<const std::size_t> groups;  ///< by column
  std::size_t group_count = 0;
  std::vector<double> rows;  ///< row after row
  std::vector<double> expectations;
  std::vector<double> targets;
  std::vector<double> noise_scales;  ///< w

  std::size_t size() const { return targets.size(); }
  std::span<const double> row(std::size_t i) const {
    return std::span(rows).subspan(i * groups.size(), groups.size());
  }
};

/// (x_ig - x_jg)^2, summed over the columns of each group g, for every pair of rows j < i: all that a fit has
/// to know of the rows.
class SquaredGaps {
 public:
  explicit SquaredGaps(const TrainingSet& set);
  /// By group.
  const double* of(std::size_t i, std::size_t j) const { return &values_[(i * (i - 1) / 2 + j) * groups_]; }

 private:
  std::size_t groups_;
  std::vector<double> values_;
};

/// Where a fit starts from and is drawn to: normal in each logarithm.
struct KernelPrior {
  double length_mean = 0;
  std::vector<double> length_offsets = {};  ///< by group, added to length_mean; empty = 0
  double length_deviation = 1;
  double signal_mean = 0;
  double signal_deviation = 0.7;
  double noise_mean = -3;
  double noise_deviation = 0.7;
  double length_mean_of(std::size_t group) const {
    return length_mean + (length_offsets.empty() ? 0 : length_offsets[group]);
  }
  bool operator==(const KernelPrior&) const = default;
};

/// m(r) for r^2, and in `derivative` dm / d(r^2).
double matern(double squared, double* derivative = nullptr);

/// 1 / l_group(j)^2 by column.
std::vector<double> column_weights(const Kernel& kernel, std::span<const std::size_t> groups);

double covariance(const Kernel& kernel, std::span<const double> column_weights, const TrainingSet& set,
                  std::size_t i, std::size_t j);

/// -ln p(targets | kernel) - ln p(kernel) but for constants, in the order log_lengths, log_signal, log_noise
/// of `parameters`; infinite where the covariance is not positive definite. An empty `gradient` is not
/// written.
double fit_loss(const TrainingSet& set, const SquaredGaps& gaps, const Kernel& fixed,
                const KernelPrior& prior, std::span<const double> parameters, std::span<double> gradient);

/// The kernel of maximal posterior near `start`, by L-BFGS.
Kernel fit(const TrainingSet& set, const Kernel& start, const KernelPrior& prior, int iterations);

/// What leaving out each observation in turn would predict for it (Rasmussen and Williams 2006, 5.10-5.12).
struct LeaveOneOut {
  std::vector<double> residuals;   ///< observed - predicted
  std::vector<double> deviations;  ///< noise included
  double log_likelihood = 0;       ///< sum of ln N(residual; 0, deviation^2)
};
LeaveOneOut leave_one_out(const TrainingSet& set, const Kernel& kernel);

/// The lower factor L of a covariance, L L' = K, grown row by row (Cholesky and Banachiewicz): appending the
/// last row costs O(n^2) and gives the same bits as building all of it again.
class CholeskyFactor {
 public:
  /// `row`: covariances with the rows so far and, last, the variance. What is not positive definite in
  /// floating point gets a little more variance.
  void append(std::span<const double> row);
  void truncate(std::size_t size);
  std::size_t size() const { return size_; }
  std::span<const double> row(std::size_t i) const {
    return std::span(values_).subspan(i * (i + 1) / 2, i + 1);
  }

 private:
  std::size_t size_ = 0;
  std::vector<double> values_;  ///< packed rows
};

}  // namespace autotuner::search
