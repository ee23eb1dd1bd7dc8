#pragma once

#include <functional>
#include <span>
#include <vector>

namespace autotuner::search {

/// A function with its gradient; writes the gradient, returns the value. A value that is no finite number
/// means "not here".
using Differentiable = std::function<double(std::span<const double> x, std::span<double> gradient)>;

/// A local minimum by L-BFGS (Liu and Nocedal 1989: two loops, six pairs) with a backtracking line search
/// (Armijo). Deterministic. Ends when the gradient is small, nothing improves, or after `iterations`. Returns
/// the best x seen, `start` if that has no finite value.
std::vector<double> minimize(const Differentiable& function, std::vector<double> start, int iterations);

}  // namespace autotuner::search
