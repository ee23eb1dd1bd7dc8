#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace autotuner::base {

/// A seeded source of chance: xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64. The same seed
/// gives the same numbers on every platform and standard library, which std:: distributions do not promise.
class Random {
 public:
  /// `stream` separates independent uses of one seed: suggestion k draws from Random(seed, k).
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t next();
  /// Uniform in [0, 1).
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [low, high], both included; needs low <= high.
  std::int64_t integer(std::int64_t low, std::int64_t high);
  /// Normal by the polar method (Marsaglia 1964).
  double normal(double mean = 0.0, double deviation = 1.0);
  /// Exponential with the given mean.
  double exponential(double mean);

 private:
  std::array<std::uint64_t, 4> state_;
};

/// A stable 64-bit hash of text (FNV-1a), to derive streams from names.
std::uint64_t stable_hash(std::string_view text);

}  // namespace autotuner::base
