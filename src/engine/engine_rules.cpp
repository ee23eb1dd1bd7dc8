#include "engine/engine_rules.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "engine/catalogue.hpp"

namespace autotuner::engine {
namespace {

std::optional<std::int64_t> whole(const space::Point& flags, std::string_view name) {
  const auto* value = flags.find(name);
  if (value == nullptr) return std::nullopt;
  if (const auto text = value->as_text()) {
    const auto number = base::to_number(base::trim(*text));
    return number ? space::Value(*number).as_integer() : std::nullopt;
  }
  return value->as_integer();
}

std::optional<std::string> word(const space::Point& flags, std::string_view name) {
  const auto* value = flags.find(name);
  return value == nullptr ? std::nullopt : value->as_text();
}

bool is_quantized_cache(std::string_view type) {
  return type != "f16" && type != "bf16" && type != "f32";
}

std::optional<std::string> why_context_too_small(const space::Point& flags, int longest) {
  const auto context = whole(flags, "ctx-size");
  // 0 = what the model was trained for, which is read back after the start.
  if (!context || *context <= 0) return std::nullopt;
  const auto* unified_flag = flags.find("kv-unified");
  const auto slots = whole(flags, "parallel").value_or(-1);
  // Without a number of slots llama-server shares one context between them.
  const bool unified = slots < 1 || (unified_flag != nullptr && unified_flag->as_bool() == true);
  const auto each = unified ? *context : *context / slots;
  if (each >= longest) return std::nullopt;
  if (unified)
    return fmt::format("ctx-size {} is below the {} tokens of the longest request", *context, longest);
  return fmt::format("ctx-size {} over parallel {} leaves {} tokens per request; the longest needs {}",
                     *context, slots, each, longest);
}

}  // namespace

void normalise_llamacpp(space::Point& flags) {
  if (const auto* flash = flags.find("flash-attn"); flash != nullptr && flash->as_bool()) {
    flags.set("flash-attn", *flash->as_bool() ? "on" : "off");
  }
  const auto* split = flags.find("tensor-split");
  if (split != nullptr && std::holds_alternative<space::JsonValue>(split->variant())) {
    const auto list = space::to_text(*split);
    if (list.starts_with('[') && list.ends_with(']'))
      flags.set("tensor-split", list.substr(1, list.size() - 2));
  }
}

std::optional<std::string> why_llamacpp_invalid(const space::Point& flags, const Setting& setting) {
  constexpr std::int64_t default_batch = 2048;
  const auto batch = whole(flags, "batch-size");
  const auto micro = whole(flags, "ubatch-size");
  if (micro && *micro > batch.value_or(default_batch)) {
    return fmt::format("ubatch-size {} is above batch-size {}{}", *micro, batch.value_or(default_batch),
                       batch ? "" : " (the default)");
  }
  const auto value_type = word(flags, "cache-type-v");
  if (value_type && is_quantized_cache(*value_type) && word(flags, "flash-attn") == "off") {
    return fmt::format("cache-type-v {} needs flash attention; flash-attn is off", *value_type);
  }
  if (setting.longest_context) return why_context_too_small(flags, *setting.longest_context);
  return std::nullopt;
}

std::optional<std::string> unknown_word(const space::Point& flags, RuntimeId runtime) {
  for (const auto& [name, value] : flags) {
    const auto* flag = find_flag(runtime, name);
    const auto text = value.as_text();
    if (flag == nullptr || flag->values.empty() || !text) continue;
    if (std::ranges::find(flag->values, *text) != flag->values.end()) continue;
    return fmt::format("{} is {}; {} is known to take {}", name, *text, engine::runtime(runtime).title,
                       fmt::join(flag->values, ", "));
  }
  return std::nullopt;
}

}  // namespace autotuner::engine
