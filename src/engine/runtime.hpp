#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::engine {

enum class RuntimeId { sglang, vllm, tensorrt_llm, llamacpp, sim };

/// One row of the runtime table: all that is fixed about an engine.
struct Runtime {
  RuntimeId id;
  std::string_view key;    ///< as in documents: sglang, vllm, tensorrt-llm, llamacpp, sim
  std::string_view title;  ///< for people: "llama.cpp (llama-server)"
  std::string_view image;  ///< default Docker image, empty for sim
  std::span<const std::string_view> aliases;
  std::span<const std::string_view> health_paths;  ///< polled in order; any 200 means ready
  std::string_view served_name_flag;               ///< --served-model-name, --alias; empty = none
  bool underscore_flags = false;                   ///< trtllm-serve spells flags with underscores
  bool simulated = false;
};

std::span<const Runtime> all_runtimes();
const Runtime& runtime(RuntimeId id);

/// Lower case, `_` to `-`, exact name or alias, else the longest key that is a prefix (never for sim and
/// llamacpp). Errors: invalid_input with the list of known names and a "did you mean".
base::Result<RuntimeId> find_runtime(std::string_view name);

/// A Docker image with another tag: split at the last ':' behind the last '/'; a digest is kept when tag is
/// empty.
std::string image_with_tag(std::string_view image, std::string_view tag);

}  // namespace autotuner::engine
