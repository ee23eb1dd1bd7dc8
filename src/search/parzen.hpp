#pragma once

#include <span>
#include <vector>

#include "base/random.hpp"
#include "search/domain.hpp"

namespace autotuner::search {

/// How wide the kernels of numeric dimensions are.
enum class Bandwidth {
  gaps,   ///< the larger gap to a neighbour (Bergstra et al. 2011); for one dimension at a time
  scott,  ///< 0.2 * width * N^(-1/(d+4)) (after Scott 1992); for several dimensions together
};

/// The Parzen estimator of the tree-structured Parzen estimator (J. Bergstra et al., "Algorithms for
/// Hyper-Parameter Optimization", NIPS 2011; S. Watanabe, arXiv 2304.11127): one kernel per observation,
/// which is a product over the dimensions, and one as wide as the domain, the prior:
/// p(x) = sum_k w_k prod_j K_j(x_j | x_kj). With several dimensions that is the multivariate estimator (S.
/// Falkner et al., "BOHB", ICML 2018, 3.2; as in Optuna's TPESampler with multivariate=True): what was good
/// together is drawn together.
class Parzen {
 public:
  /// `rows`: coordinates of the observations by dimension, oldest first. The dimensions must outlive it.
  Parzen(std::vector<const Dimension*> dimensions, std::span<const std::vector<double>> rows,
         Bandwidth bandwidth);

  std::vector<double> draw(base::Random& random) const;
  /// Of integers the probability, of reals the density on the axis.
  double log_density(std::span<const double> coordinates) const;
  /// Kernel widths of a numeric dimension: one per observation, the prior's last.
  std::vector<double> sigmas(std::size_t dimension) const;

 private:
  /// Numeric: a normal distribution cut off at the ends of the domain.
  struct Normal {
    double mu = 0;
    double sigma = 1;
    double log_mass = 0;  ///< ln of what the uncut one has inside the domain
  };
  struct Column {
    const Dimension* dimension = nullptr;
    std::vector<Normal> normals;   ///< numeric, the prior last
    std::vector<double> observed;  ///< categorical: positions
    double log_hit = 0;            ///< categorical: ln probability of a kernel's own choice,
    double log_miss = 0;           ///< of any other choice,
    double log_prior = 0;          ///< and of any choice under the prior
  };

  void fit(Column& column, std::span<const std::vector<double>> rows, std::size_t index,
           Bandwidth bandwidth) const;
  double log_sum(std::span<const double> coordinates) const;
  static double log_kernel(const Column& column, std::size_t kernel, double coordinate);
  static double log_category(const Column& column, std::size_t kernel, double position);
  static double draw_from(const Column& column, std::size_t kernel, base::Random& random);

  std::vector<Column> columns_;
  std::vector<double> weights_;  ///< by kernel, the prior last; they add up to 1
  std::vector<double> log_weights_;
  /// Of a single categorical dimension the answers, because it is asked for the same few again and again.
  std::vector<double> log_densities_;
};

}  // namespace autotuner::search
