#pragma once

#include <span>

#include "base/random.hpp"
#include "search/aim.hpp"

namespace autotuner::search {

/// A point that was not tried, with its chance to run.
struct Contender {
  Prospect prospect;
  double probability = 1;
};

/// The chance that one of the contenders runs and gains more than a hundredth over what is reached: for one
/// score
///
///   P(max_i b_i s_i > s_0 + ln 1.01),  s = f - sum of exponent_k max(0, g_k)
///
/// over joint draws of f and every g_k at all points at once (the Cholesky factor of their posterior
/// covariance times normal numbers), and of b_i, whether point i runs; each part of each draw under a kernel
/// of its own, as likely as the trials leave it. Draws, not a union bound: neighbours rise and fall together.
double chance_of_gain(const GpModel& model, Outlook outlook, const Aim& aim,
                      std::span<const Contender> contenders, base::Random& random);

}  // namespace autotuner::search
