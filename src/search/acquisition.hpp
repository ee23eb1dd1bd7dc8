#pragma once

#include <span>
#include <vector>

#include "search/surrogate.hpp"

namespace autotuner::search {

/// ln(phi(z) + z Phi(z)), the logarithm of expected improvement in units of the deviation; accurate down to
/// z = -1e5, where the plain form has long underflowed (Ament et al. 2023, "Unexpected improvements to
/// expected improvement", eq. 9).
double log_improvement(double z);

/// ln E max(0, y - best) for y ~ N(belief).
double log_expected_improvement(const Gaussian& belief, double best);

/// max(0, g) for g ~ N(belief): mean and deviation.
Gaussian rectified(const Gaussian& belief);

/// The logarithm of a soft-SLO score, ln objective - sum of exponent_i max(0, g_i) with g_i = ln(metric_i /
/// max_i), by what is believed of its parts. Parts are independent.
struct ScoreBelief {
  Gaussian objective;                  ///< ln of it, larger is better
  std::vector<Gaussian> excess;        ///< g_i
  std::vector<Gaussian> further = {};  ///< ln of the other objectives, where there are several
};

/// Its mean and deviation.
Gaussian moments(const ScoreBelief& belief, std::span<const double> exponents);

/// ln E max(0, ln score - best), the objective integrated exactly and the limits by a fixed quasi-random set
/// (a lattice rule of 32 nodes).
double log_expected_improvement(const ScoreBelief& belief, std::span<const double> exponents, double best);

/// The standard normal's distribution function and its inverse (Wichura 1988, AS 241, single precision
/// branch).
double normal_cdf(double z);
double normal_quantile(double p);

}  // namespace autotuner::search
