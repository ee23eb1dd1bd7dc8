#include "store/secrets.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "space/parameter.hpp"

namespace autotuner::store {
namespace {

using base::Json;

constexpr const char* mask = "********";
/// Shorter texts turn up by chance; replacing them would garble what is stored.
constexpr std::size_t shortest_searched = 6;
const std::string parameter_prefix = "parameters.";

bool is_secret(const std::string& name) {
  return engine::is_secret_name(name);
}

std::string with_hyphens(const std::string& name) {
  return base::replace_all(name, "_", "-");
}

void collect_texts(const Json& json, std::set<std::string>& texts) {
  if (json.is_string() && json.get_ref<const std::string&>().size() >= shortest_searched) {
    texts.insert(json.get<std::string>());
  }
  if (json.is_structured()) {
    for (const auto& item : json) collect_texts(item, texts);
  }
}

std::set<std::string> searched_texts(const Secrets& secrets) {
  std::set<std::string> texts;
  for (const auto& [path, value] : secrets) {
    if (const auto json = base::parse_json(value)) collect_texts(*json, texts);
  }
  return texts;
}

/// Masks all text below a secret name.
void mask_texts(Json& json) {
  if (json.is_string()) json = mask;
  if (json.is_structured()) {
    for (auto& item : json) mask_texts(item);
  }
}

void scrub(Json& json, const std::set<std::string>& texts) {
  if (json.is_object()) {
    for (auto& [name, item] : json.items()) is_secret(name) ? mask_texts(item) : scrub(item, texts);
  } else if (json.is_array()) {
    // Strategies keep what they tried as [name, value].
    if (json.size() == 2 && json[0].is_string() && is_secret(json[0].get<std::string>())) mask_texts(json[1]);
    for (auto& item : json) scrub(item, texts);
  } else if (json.is_string()) {
    auto text = json.get<std::string>();
    for (const auto& secret : texts) text = base::replace_all(std::move(text), secret, mask);
    json = std::move(text);
  }
}

void restore(space::Point& point, const std::map<std::string, space::Value>& values) {
  space::Point restored = point;
  for (const auto& [name, value] : point) {
    const auto found = values.find(name);
    if (found != values.end() && value == space::Value(mask)) restored.set(name, found->second);
  }
  point = std::move(restored);
}

}  // namespace

Secrets secrets_of(const spec::Task& task) {
  Secrets secrets;
  if (!task.model.hf_token.empty()) {
    secrets["model.hf_token"] = base::to_compact_text(Json(task.model.hf_token));
  }
  for (const auto& parameter : task.space.parameters) {
    const auto* choices = std::get_if<space::Choices>(&parameter.domain);
    if (choices == nullptr || !is_secret(parameter.name)) continue;
    Json values = Json::array();
    for (const auto& value : choices->values) values.push_back(space::to_json(value));
    secrets[parameter_prefix + parameter.name] = base::to_compact_text(values);
  }
  return secrets;
}

Json without_secrets(Json document, const Secrets& secrets) {
  scrub(document, searched_texts(secrets));
  return document;
}

Json with_secrets(Json document, const Secrets& secrets) {
  for (const auto& [path, text] : secrets) {
    const auto value = base::parse_json(text);
    if (!value) continue;
    if (path == "model.hf_token") {
      document["model"]["hf_token"] = *value;
    } else if (path.starts_with(parameter_prefix)) {
      const auto name = path.substr(parameter_prefix.size());
      auto& parameters = document["parameters"];
      if (!parameters.is_object()) parameters = Json::object();
      // The user's spelling keeps its place in the order of the flags.
      std::string spelled = name;
      for (const auto& [key, unused] : parameters.items()) {
        if (with_hyphens(key) == with_hyphens(name)) spelled = key;
      }
      parameters[spelled] = *value;
    }
  }
  return document;
}

Json to_json(const Secrets& secrets) {
  Json json = Json::object();
  for (const auto& [path, text] : secrets) json[path] = base::parse_json(text).value_or(Json(nullptr));
  return json;
}

Secrets secrets_from_json(const Json& json) {
  Secrets secrets;
  if (!json.is_object()) return secrets;
  for (const auto& [path, value] : json.items()) secrets[path] = base::to_compact_text(value);
  return secrets;
}

void restore_secrets(tuning::Experiment& experiment, const spec::Task& task) {
  std::map<std::string, space::Value> values;
  for (const auto& parameter : task.space.parameters) {
    const auto* choices = std::get_if<space::Choices>(&parameter.domain);
    if (choices == nullptr || choices->values.size() != 1 || !is_secret(parameter.name)) continue;
    values[parameter.name] = choices->values.front();
  }
  if (values.empty()) return;
  restore(experiment.parameters, values);
  restore(experiment.flags, values);
  for (auto& covered : experiment.covers) restore(covered, values);
}

}  // namespace autotuner::store
