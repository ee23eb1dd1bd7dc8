#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::kernels {

/// Parquet's mixture of runs and packed bits (Encodings.md, RLE/Bit-Packing Hybrid): the first `count`
/// numbers of `width` bits. Errors: invalid_input when the bytes hold fewer, or a width above 32.
base::Result<std::vector<std::uint32_t>> read_runs(std::string_view bytes, unsigned width, std::size_t count);

}  // namespace autotuner::kernels
