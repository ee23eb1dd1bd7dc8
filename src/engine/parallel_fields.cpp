#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "engine/parallel.hpp"

namespace autotuner::engine {
namespace {

constexpr std::array<std::string_view, 13> fields = {
    "tp",     "pp",          "dp",           "cp", "dcp", "enable_expert_parallel", "moe_tp",
    "moe_ep", "moe_cluster", "moe_dense_tp", "ep", "pcp", "enable_dp_attention"};

/// What an engine takes in `parallel_config`; a switch has no values.
struct Field {
  RuntimeId runtime;
  std::string_view name;
  bool is_switch = false;
};

constexpr auto sglang = RuntimeId::sglang;
constexpr auto vllm = RuntimeId::vllm;
constexpr auto tensorrt = RuntimeId::tensorrt_llm;
constexpr auto llamacpp = RuntimeId::llamacpp;
constexpr auto sim = RuntimeId::sim;

constexpr Field known_fields[] = {
    {vllm, "tp"},
    {vllm, "pp"},
    {vllm, "dp"},
    {vllm, "dcp"},
    {vllm, "pcp"},
    {vllm, "enable_expert_parallel", true},
    {sglang, "tp"},
    {sglang, "pp"},
    {sglang, "dp"},
    {sglang, "ep"},
    {sglang, "moe_dense_tp"},
    {sglang, "enable_dp_attention", true},
    {tensorrt, "tp"},
    {tensorrt, "pp"},
    {tensorrt, "cp"},
    {tensorrt, "moe_tp"},
    {tensorrt, "moe_ep"},
    {tensorrt, "moe_cluster"},
    {llamacpp, "tp"},
    {llamacpp, "pp"},
    {sim, "tp"},
    {sim, "pp"},
    {sim, "dp"},
};

struct Preset {
  RuntimeId runtime;
  std::string_view name;
  std::string_view fields_json;
};

constexpr Preset presets[] = {
    {vllm, "single-gpu", R"({"tp":1,"pp":1,"dp":1})"},
    {vllm, "high-throughput", R"({"tp":1,"pp":1,"dp":8})"},
    {vllm, "large-model-tp", R"({"tp":8,"pp":1,"dp":1})"},
    {vllm, "large-model-tp-pp", R"({"tp":8,"pp":2,"dp":1})"},
    {vllm, "balanced", R"({"tp":2,"pp":1,"dp":4})"},
    {vllm, "moe-optimized", R"({"tp":2,"pp":1,"dp":8,"enable_expert_parallel":true})"},
    {vllm, "long-context", R"({"tp":4,"pp":1,"dp":1,"dcp":4})"},
    {sglang, "single-gpu", R"({"tp":1,"pp":1,"dp":1})"},
    {sglang, "high-throughput", R"({"tp":1,"pp":1,"dp":8})"},
    {sglang, "large-model-tp", R"({"tp":8,"pp":1,"dp":1})"},
    {sglang, "large-model-tp-pp", R"({"tp":8,"pp":2,"dp":1})"},
    {sglang, "balanced", R"({"tp":2,"pp":1,"dp":4})"},
    {sglang, "moe-optimized", R"({"tp":8,"pp":1,"dp":8,"moe_dense_tp":1,"ep":8,"enable_dp_attention":true})"},
    {tensorrt, "single-gpu", R"({"tp":1,"pp":1})"},
    {tensorrt, "large-model-tp", R"({"tp":8,"pp":1})"},
    {tensorrt, "large-model-tp-pp", R"({"tp":8,"pp":2})"},
    {tensorrt, "moe-optimized", R"({"tp":16,"pp":1,"moe_tp":2,"moe_ep":8})"},
    {tensorrt, "long-context", R"({"tp":8,"pp":1,"cp":2})"},
    {llamacpp, "single-gpu", R"({"tp":1,"pp":1})"},
    {llamacpp, "large-model-tp", R"({"tp":8,"pp":1})"},
    {sim, "single-gpu", R"({"tp":1,"pp":1,"dp":1})"},
    {sim, "high-throughput", R"({"tp":1,"pp":1,"dp":8})"},
    {sim, "large-model-tp", R"({"tp":8,"pp":1,"dp":1})"},
    {sim, "balanced", R"({"tp":2,"pp":1,"dp":4})"},
};

const Field* find_field(RuntimeId runtime, std::string_view name) {
  for (const auto& field : known_fields) {
    if (field.runtime == runtime && field.name == name) return &field;
  }
  return nullptr;
}

std::string names_of_fields(RuntimeId runtime) {
  std::vector<std::string> names;
  for (const auto& field : known_fields) {
    if (field.runtime == runtime) names.emplace_back(field.name);
  }
  return base::join(names, ", ");
}

tl::unexpected<base::Error> foreign_field(RuntimeId runtime, std::string_view name) {
  const auto title = engine::runtime(runtime).title;
  const auto known = names_of_fields(runtime);
  if (runtime == sglang && (name == "cp" || name == "dcp")) {
    return base::invalid_input("{} does not support context parallelism ({}); its fields are {}", title, name,
                               known);
  }
  if (runtime == tensorrt && name == "dp") {
    return base::invalid_input("{} does not support data parallelism ({}); its fields are {}", title, name,
                               known);
  }
  return base::invalid_input("{} has no field {}; its fields are {}", title, name, known);
}

}  // namespace

std::span<const std::string_view> parallel_fields() {
  return fields;
}

base::Result<void> check_parallel_field(RuntimeId runtime, std::string_view name, const space::Value& value) {
  if (value.is_null()) return {};
  const auto number = value.as_integer();
  const auto* field = find_field(runtime, name);
  if (field == nullptr) {
    // One of a kind is what every engine does anyway.
    if (runtime == llamacpp && number == 1 && std::ranges::find(fields, name) != fields.end()) return {};
    return foreign_field(runtime, name);
  }
  if (field->is_switch) {
    if (value.as_bool()) return {};
    return base::invalid_input("{} is {}; must be true or false", name, space::to_text(value));
  }
  constexpr std::int64_t most = 4096;
  if (number && *number >= 1 && *number <= most) return {};
  return base::invalid_input("{} is {}; must be a whole number from 1 to {}", name, space::to_text(value),
                             most);
}

std::vector<std::string> parallel_preset_names(RuntimeId runtime) {
  std::vector<std::string> names;
  for (const auto& preset : presets) {
    if (preset.runtime == runtime) names.emplace_back(preset.name);
  }
  return names;
}

base::Result<space::Point> parallel_preset(RuntimeId runtime, std::string_view name) {
  for (const auto& preset : presets) {
    if (preset.runtime != runtime || preset.name != name) continue;
    auto document = base::parse_json(preset.fields_json);
    if (!document) return tl::unexpected(document.error());
    return space::point_from_json(*document);
  }
  return base::invalid_input("'{}' is no parallel preset of {}; known are {}", name,
                             engine::runtime(runtime).title,
                             base::join(parallel_preset_names(runtime), ", "));
}

}  // namespace autotuner::engine
