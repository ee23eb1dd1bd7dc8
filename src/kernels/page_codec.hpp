#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace autotuner::kernels {

/// Unpacks a page of a Parquet file that has `size` bytes then. `codec` is Parquet's number: 0 nothing, 1
/// Snappy, 6 Zstandard. Errors: invalid_input for another codec, and for bytes that don't become `size` ones.
base::Result<std::string> unpack(std::int64_t codec, std::string_view packed, std::size_t size);

}  // namespace autotuner::kernels
