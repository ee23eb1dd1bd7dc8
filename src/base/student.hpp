#pragma once

#include <cstddef>

namespace autotuner::base {

/// P(|T| <= t) of Student's t with `degrees` >= 1 of freedom, t >= 0 (Abramowitz and Stegun 26.7.3 and
/// 26.7.4, exact for whole degrees). More than 1000 degrees count as 1000: the normal distribution to 0.1 %.
double student_within(double t, std::size_t degrees);

/// The t with P(T > t) = tail, 0 < tail < 0.5; infinity where it is beyond 1e9.
double student_quantile(double tail, std::size_t degrees);

}  // namespace autotuner::base
