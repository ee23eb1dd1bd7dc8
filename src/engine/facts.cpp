#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "engine/failure.hpp"

namespace autotuner::engine {
namespace {

/// A count that an engine reports; nothing unless it is a number from 1 that an int holds.
std::optional<int> count_at(const base::Json& object, std::string_view key) {
  const auto number = base::number_at(object, key);
  if (!number || !(*number >= 1) || *number > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(*number);
}

const base::Json* member(const base::Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

EngineFacts facts_from_props(std::string_view props_json) {
  EngineFacts facts;
  const auto props = base::parse_json(props_json);
  if (!props) return facts;
  if (const auto* settings = member(*props, "default_generation_settings")) {
    facts.context_per_request = count_at(*settings, "n_ctx");
  }
  facts.slots = count_at(*props, "total_slots");
  facts.version = base::text_at(*props, "build_info").value_or("");
  facts.served_id = base::text_at(*props, "model_alias").value_or("");
  return facts;
}

EngineFacts facts_from_models(std::string_view models_json) {
  EngineFacts facts;
  const auto models = base::parse_json(models_json);
  if (!models) return facts;
  const auto* data = member(*models, "data");
  if (data == nullptr || !data->is_array() || data->empty()) return facts;
  const auto& first = data->front();
  facts.served_id = base::text_at(first, "id").value_or("");
  facts.context_per_request = count_at(first, "max_model_len");
  return facts;
}

std::optional<std::string> why_unfit(const EngineFacts& facts, std::optional<int> longest_context) {
  if (!facts.context_per_request || !longest_context || *facts.context_per_request >= *longest_context) {
    return std::nullopt;
  }
  const auto slots = facts.slots ? fmt::format(" in each of {} slots", *facts.slots) : std::string();
  return fmt::format(
      "the engine offers {} tokens of context per request{}, but the longest request of the workload needs "
      "{} "
      "(input and output)",
      *facts.context_per_request, slots, *longest_context);
}

}  // namespace autotuner::engine
