#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace autotuner::traffic {

/// What a data set may grow to when it is unpacked.
inline constexpr std::uint64_t longest_unpacked = std::uint64_t{16} << 30;

/// Unpacks a .zip or .tar.gz into `folder`. Errors: invalid_input for a broken archive, for members with an
/// absolute path or `..`, and for more than `limit` bytes; links and special files are left out.
base::Result<void> unpack_archive(const std::string& archive, const std::string& folder,
                                  std::uint64_t limit = longest_unpacked);

/// Unpacks a compressed single file (.gz) to `target`.
base::Result<void> unpack_single(const std::string& archive, const std::string& target,
                                 std::uint64_t limit = longest_unpacked);

}  // namespace autotuner::traffic
