#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace autotuner::search {

/// The Sobol sequence in up to 64 dimensions, in Gray-code order, with the direction numbers of S. Joe and
/// F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30
/// (2008). A seed other than nothing shifts every dimension digitally (XOR), which keeps the net's evenness.
class SobolSequence {
 public:
  static constexpr std::size_t max_dimensions = 64;

  /// Dimensions beyond max_dimensions are independent uniform numbers.
  explicit SobolSequence(std::size_t dimensions);
  SobolSequence(std::size_t dimensions, std::uint64_t seed);

  /// Point `index` < 2^32, each coordinate in [0, 1).
  std::vector<double> point(std::uint64_t index) const;

 private:
  using Directions = std::array<std::uint32_t, 32>;

  std::size_t dimensions_;
  std::uint64_t seed_ = 0;
  std::vector<Directions> directions_;
  std::vector<std::uint32_t> shifts_;
};

}  // namespace autotuner::search
