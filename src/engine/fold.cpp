#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/parallel.hpp"
#include "engine/quantization.hpp"
#include "engine/resolve.hpp"

namespace autotuner::engine {
namespace {

/// One of the two sections that fold into the parameters.
struct Section {
  std::string_view name;    ///< quant_config
  std::string_view prefix;  ///< __quant__
  bool is_quant;
  std::span<const std::string_view> fields;
  RuntimeId runtime;
};

/// A scalar is one value, {"values": [...]} and a list are several.
std::vector<base::Json> values_of(const base::Json& spec) {
  const auto& list = spec.is_object() && spec.contains("values") ? spec["values"] : spec;
  if (!list.is_array()) return {list};
  return {list.begin(), list.end()};
}

base::Result<void> check(const Section& section, std::string_view field, const space::Value& value) {
  if (field == "preset") {
    if (!value.as_text())
      return base::invalid_input("is {}; must be the name of a preset", space::to_text(value));
    const auto preset = section.is_quant ? quant_preset(*value.as_text())
                                         : parallel_preset(section.runtime, *value.as_text());
    return preset ? base::Result<void>{} : tl::unexpected(preset.error());
  }
  return section.is_quant ? check_quant_field(field, value)
                          : check_parallel_field(section.runtime, field, value);
}

base::Result<void> add_dimension(const Section& section, std::string_view key, std::string_view field,
                                 const base::Json& spec, std::vector<space::Parameter>& parameters) {
  space::Choices choices;
  for (const auto& item : values_of(spec)) {
    const auto value = space::value_from_json(item);
    if (!value) return base::invalid_input("{}.{}: {}", section.name, key, value.error().message);
    if (const auto usable = check(section, field, *value); !usable) {
      return base::invalid_input("{}.{}: {}", section.name, key, usable.error().message);
    }
    if (!value->is_null()) choices.values.push_back(*value);
  }
  if (choices.values.empty()) return {};
  parameters.push_back(
      {.name = std::string(section.prefix) + std::string(field), .domain = std::move(choices)});
  return {};
}

base::Result<void> check_keys(const Section& section, const base::Json& config) {
  for (const auto& [key, spec] : config.items()) {
    if (key == "presets" || key == "preset") continue;
    if (std::ranges::find(section.fields, key) != section.fields.end()) continue;
    return base::invalid_input("{}.{}: unknown field; known are {}, presets", section.name, key,
                               fmt::join(section.fields, ", "));
  }
  return {};
}

base::Result<void> fold_section(const Section& section, const base::Json& config,
                                std::vector<space::Parameter>& parameters) {
  if (config.is_null()) return {};
  if (!config.is_object()) return base::invalid_input("{}: must be an object of fields", section.name);
  if (const auto known = check_keys(section, config); !known) return known;
  for (const auto* key : {"presets", "preset"}) {
    if (!config.contains(key)) continue;
    if (const auto added = add_dimension(section, key, "preset", config[key], parameters); !added)
      return added;
    break;
  }
  for (const auto field : section.fields) {
    const auto found = config.find(field);
    if (found == config.end()) continue;
    if (const auto added = add_dimension(section, field, field, *found, parameters); !added) return added;
  }
  return {};
}

}  // namespace

base::Result<std::vector<space::Parameter>> fold(std::vector<space::Parameter> parameters,
                                                 const base::Json& quant_config,
                                                 const base::Json& parallel_config, RuntimeId runtime) {
  const Section quant{"quant_config", quant_prefix, true, quant_fields(), runtime};
  const Section parallel{"parallel_config", parallel_prefix, false, parallel_fields(), runtime};
  if (const auto folded = fold_section(quant, quant_config, parameters); !folded)
    return tl::unexpected(folded.error());
  if (const auto folded = fold_section(parallel, parallel_config, parameters); !folded) {
    return tl::unexpected(folded.error());
  }
  return parameters;
}

}  // namespace autotuner::engine
