#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace autotuner::space {

/// 0..count-1 in an order drawn by the seed (Fisher and Yates).
std::vector<std::uint32_t> shuffled_order(std::size_t count, std::uint64_t seed);

/// 0..count-1 in the order in which a scrambled Halton sequence meets the items. `radices`: the number of
/// values of each grid dimension, last fastest; `item_of`: by grid index the item (several cells may share
/// one), or a number >= count for none.
std::vector<std::uint32_t> halton_order(std::size_t count, std::span<const std::size_t> radices,
                                        std::span<const std::uint32_t> item_of, std::uint64_t seed);

}  // namespace autotuner::space
