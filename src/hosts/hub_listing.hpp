#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/runtime.hpp"

namespace autotuner::hosts {

/// A file of a model repository.
struct HubFile {
  std::string name;                   ///< path inside the repository
  std::optional<std::uint64_t> size;  ///< bytes
  std::string hash;  ///< its name in a cache: SHA-256 of large files, git's blob id of others
  bool operator==(const HubFile&) const = default;
};

/// A model repository at one revision.
struct HubListing {
  std::string revision;  ///< commit, 40 hex digits
  std::vector<HubFile> files;
};

/// From the answer of /api/models/<id>/revision/<name>?blobs=true. Names that would leave the folder they are
/// written to are refused. Errors: invalid_input.
base::Result<HubListing> parse_hub_listing(std::string_view json);

/// What an engine needs, the weights last: for llama.cpp one model (all its parts) chosen by `quant`, for the
/// others everything but other frameworks' weights, and of two formats of weights the safe one. Errors:
/// not_found, invalid_input.
base::Result<std::vector<HubFile>> files_needed(const HubListing& listing, engine::RuntimeId runtime,
                                                const std::string& quant, const std::string& where);

}  // namespace autotuner::hosts
