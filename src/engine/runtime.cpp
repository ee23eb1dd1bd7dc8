#include "engine/runtime.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace autotuner::engine {
namespace {

constexpr std::string_view tensorrt_aliases[] = {"tensorrtllm", "trtllm", "trt-llm"};
constexpr std::string_view llamacpp_aliases[] = {"llama-cpp", "llama.cpp"};
constexpr std::string_view health_then_models[] = {"/health", "/v1/models"};
// llama-server of 2025 answers 200 at /v1/models while the model still loads.
constexpr std::string_view health_only[] = {"/health"};

constexpr std::array<Runtime, 5> runtimes = {{
    {.id = RuntimeId::sglang,
     .key = "sglang",
     .title = "SGLang",
     .image = "lmsysorg/sglang:v0.5.2-cu126",
     .aliases = {},
     .health_paths = health_then_models,
     .served_name_flag = "--served-model-name"},
    {.id = RuntimeId::vllm,
     .key = "vllm",
     .title = "vLLM",
     .image = "vllm/vllm-openai:latest",
     .aliases = {},
     .health_paths = health_then_models,
     .served_name_flag = "--served-model-name"},
    {.id = RuntimeId::tensorrt_llm,
     .key = "tensorrt-llm",
     .title = "TensorRT-LLM (trtllm-serve)",
     .image = "nvcr.io/nvidia/tensorrt-llm/release:1.0.0",
     .aliases = tensorrt_aliases,
     .health_paths = health_then_models,
     .served_name_flag = "",
     .underscore_flags = true},
    {.id = RuntimeId::llamacpp,
     .key = "llamacpp",
     .title = "llama.cpp (llama-server)",
     .image = "ghcr.io/ggml-org/llama.cpp:server",
     .aliases = llamacpp_aliases,
     .health_paths = health_only,
     .served_name_flag = "--alias"},
    {.id = RuntimeId::sim,
     .key = "sim",
     .title = "simulated engine",
     .image = "",
     .aliases = {},
     .health_paths = health_then_models,
     .served_name_flag = "",
     .simulated = true},
}};

bool matches_by_prefix(const Runtime& candidate) {
  return candidate.id != RuntimeId::sim && candidate.id != RuntimeId::llamacpp;
}

/// Every spelling of a runtime: its key, then its aliases.
std::vector<std::string_view> names_of(const Runtime& candidate) {
  std::vector<std::string_view> names{candidate.key};
  names.insert(names.end(), candidate.aliases.begin(), candidate.aliases.end());
  return names;
}

}  // namespace

std::span<const Runtime> all_runtimes() {
  return runtimes;
}

const Runtime& runtime(RuntimeId id) {
  return *std::ranges::find(runtimes, id, &Runtime::id);
}

base::Result<RuntimeId> find_runtime(std::string_view name) {
  const auto wanted = base::replace_all(base::to_lower(base::trim(name)), "_", "-");
  std::vector<std::string_view> every_name;
  std::optional<RuntimeId> by_prefix;
  std::size_t longest = 0;
  for (const auto& candidate : runtimes) {
    for (const auto known : names_of(candidate)) {
      if (wanted == known) return candidate.id;
      every_name.push_back(known);
      if (matches_by_prefix(candidate) && known.size() > longest && wanted.starts_with(known)) {
        longest = known.size();
        by_prefix = candidate.id;
      }
    }
  }
  if (by_prefix) return *by_prefix;

  std::vector<std::string> keys;
  keys.reserve(runtimes.size());
  for (const auto& candidate : runtimes) keys.emplace_back(candidate.key);
  const auto near = base::nearest(wanted, every_name);
  return base::invalid_input("unknown runtime '{}'; known are {}{}", name, base::join(keys, ", "),
                             near ? "; did you mean '" + *near + "'?" : "");
}

std::string image_with_tag(std::string_view image, std::string_view tag) {
  if (tag.empty()) return std::string(image);
  const auto without_digest = image.substr(0, image.find('@'));
  const auto slash = without_digest.rfind('/');
  const auto colon = without_digest.rfind(':');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return std::string(has_tag ? without_digest.substr(0, colon) : without_digest) + ":" + std::string(tag);
}

}  // namespace autotuner::engine
