#include "space/order.hpp"

#include <algorithm>
#include <numeric>

#include "base/random.hpp"

namespace autotuner::space {
namespace {

std::vector<std::uint32_t> first_primes(std::size_t count) {
  std::vector<std::uint32_t> primes;
  for (std::uint32_t n = 2; primes.size() < count; ++n) {
    const bool is_prime = std::ranges::none_of(primes, [n](std::uint32_t p) { return n % p == 0; });
    if (is_prime) primes.push_back(n);
  }
  return primes;
}

void shuffle(std::vector<std::uint32_t>& items, base::Random random) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1],
              items[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i) - 1))]);
  }
}

/// One coordinate of a Halton sequence (Halton 1960) with permuted digits: without the permutation
/// coordinates of large bases run in step for a whole base, which a short grid would not survive (Braaten and
/// Weller 1979).
class RadicalInverse {
 public:
  /// Good for `draws` steps.
  RadicalInverse(std::uint32_t base, std::uint64_t seed, std::uint64_t draws) : permutation_(base) {
    std::iota(permutation_.begin(), permutation_.end(), 0U);
    shuffle(permutation_, base::Random(seed, base));
    double weight = 1;
    for (std::uint64_t reach = 1; reach <= draws; reach *= base) {
      weight /= base;
      weights_.push_back(weight);
      value_ += weight * permutation_[0];
    }
    // All further digits are zeros, which the permutation turns into a geometric series. The speck more keeps
    // values that lie on the border of two cells from falling to either side by rounding.
    value_ += weight * permutation_[0] / (base - 1) + 1e-12;
    digits_.assign(weights_.size(), 0);
  }

  double value() const { return value_; }

  /// Adds 1 to the index, carrying from digit to digit.
  void step() {
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      value_ -= weights_[i] * permutation_[digits_[i]];
      digits_[i] = digits_[i] + 1 < permutation_.size() ? digits_[i] + 1 : 0;
      value_ += weights_[i] * permutation_[digits_[i]];
      if (digits_[i] != 0) return;
    }
  }

 private:
  std::vector<std::uint32_t> permutation_;
  std::vector<double> weights_;
  std::vector<std::uint32_t> digits_;
  double value_ = 0;
};

}  // namespace

std::vector<std::uint32_t> shuffled_order(std::size_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  shuffle(order, base::Random(seed));
  return order;
}

std::vector<std::uint32_t> halton_order(std::size_t count, std::span<const std::size_t> radices,
                                        std::span<const std::uint32_t> item_of, std::uint64_t seed) {
  const auto varying =
      static_cast<std::size_t>(std::ranges::count_if(radices, [](std::size_t r) { return r > 1; }));
  // The sequence meets the last few cells only after a long time: they follow in random order.
  const std::uint64_t draws = 4 * std::uint64_t{item_of.size()} + 64;
  std::vector<RadicalInverse> inverses;
  for (const auto prime : first_primes(varying)) inverses.emplace_back(prime, seed, draws);

  std::vector<std::uint32_t> order;
  std::vector<bool> visited(count, false);
  const auto visit = [&](std::uint32_t item) {
    if (item >= count || visited[item]) return;
    visited[item] = true;
    order.push_back(item);
  };
  for (std::uint64_t draw = 0; draw < draws && order.size() < count; ++draw) {
    std::size_t cell = 0;
    std::size_t dimension = 0;
    for (const auto radix : radices) {
      if (radix < 2) continue;
      auto& inverse = inverses[dimension++];
      const double position = inverse.value() * static_cast<double>(radix);
      cell = cell * radix + std::min(static_cast<std::size_t>(position), radix - 1);
      inverse.step();
    }
    visit(item_of[cell]);
  }
  for (const auto item : shuffled_order(count, seed)) visit(item);
  return order;
}

}  // namespace autotuner::space
