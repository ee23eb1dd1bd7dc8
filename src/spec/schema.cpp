#include <set>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "spec/fields.hpp"
#include "spec/load_task.hpp"

namespace autotuner::spec {
namespace {

using base::Json;

std::string name_of(std::string_view path) {
  return std::string(path.substr(path.rfind('.') + 1));
}

/// {"type": type} that also takes null, which means "not given", unless the field must be there.
Json typed(const char* type, const Field& field) {
  Json schema;
  if (field.mark == Mark::required)
    schema["type"] = type;
  else
    schema["type"] = Json::array({type, "null"});
  return schema;
}

void add_bounds(Json& schema, const Bounds& bounds) {
  const auto shown = [](double value) {
    const auto whole = static_cast<std::int64_t>(value);
    return static_cast<double>(whole) == value ? Json(whole) : Json(value);
  };
  if (bounds.low) schema[bounds.above_low ? "exclusiveMinimum" : "minimum"] = shown(*bounds.low);
  if (bounds.high) schema["maximum"] = shown(*bounds.high);
}

Json words(const Field& field) {
  auto list = Json::array();
  for (const auto word : field.allowed) list.push_back(std::string(word));
  return list;
}

Json element(const Field& field) {
  Json schema;
  switch (field.type) {
    case FieldType::text_list:
      schema["type"] = "string";
      break;
    case FieldType::integer_list:
      schema["type"] = "integer";
      break;
    case FieldType::number_list:
      schema["type"] = "number";
      break;
    default:
      if (!field.allowed.empty())
        schema["enum"] = words(field);
      else
        schema["type"] = Json::array({"string", "integer", "boolean"});
  }
  add_bounds(schema, field.bounds);
  return schema;
}

/// One value, or a list of them.
Json element_or_list(const Field& field) {
  Json list = {{"type", "array"}, {"items", element(field)}};
  return {{"anyOf", Json::array({element(field), std::move(list), Json{{"type", "null"}}})}};
}

Json group_schema(std::string_view group);

Json object_schema(const Field& field) {
  if (field.path == "parameters") {
    return {{"type", Json::array({"object", "null"})},
            {"additionalProperties", {{"$ref", "#/$defs/values"}}}};
  }
  const auto group = group_of(field.path);
  if (members_of(group).empty()) return typed("object", field);
  if (group == "limit") return {{"$ref", "#/$defs/limit"}};
  return group_schema(group);
}

Json value_schema(const Field& field) {
  switch (field.type) {
    case FieldType::text: {
      Json schema = typed("string", field);
      if (field.allowed.empty()) return schema;
      Json allowed = words(field);
      if (field.mark != Mark::required) allowed.push_back(nullptr);
      schema["enum"] = std::move(allowed);
      return schema;
    }
    case FieldType::integer:
    case FieldType::number: {
      Json schema = typed(field.type == FieldType::integer ? "integer" : "number", field);
      add_bounds(schema, field.bounds);
      return schema;
    }
    case FieldType::boolean:
      return typed("boolean", field);
    case FieldType::object:
      return object_schema(field);
    case FieldType::boolean_or_object:
      return {{"anyOf",
               Json::array({Json{{"type", Json::array({"boolean", "null"})}}, group_schema(field.path)})}};
    case FieldType::list:
      return typed("array", field);
    case FieldType::text_list:
    case FieldType::integer_list:
    case FieldType::number_list:
    case FieldType::scalar_or_list:
      return element_or_list(field);
    case FieldType::integer_or_text: {
      Json number = {{"type", "integer"}};
      add_bounds(number, field.bounds);
      return {
          {"anyOf", Json::array({std::move(number), Json{{"enum", words(field)}}, Json{{"type", "null"}}})}};
    }
  }
  return Json::object();
}

Json field_schema(const Field& field) {
  Json schema = value_schema(field);
  std::string help(field.help);
  if (!field.unit.empty()) help += fmt::format(" Unit: {}.", field.unit);
  if (field.mark == Mark::no_effect) help += fmt::format(" Has no effect: {}.", field.note);
  schema["description"] = std::move(help);
  if (!field.preset.empty()) schema["default"] = Json::parse(field.preset);
  if (field.mark == Mark::secret) schema["writeOnly"] = true;
  if (field.mark == Mark::no_effect) schema["deprecated"] = true;
  return schema;
}

/// {"required": [name]}, or either name when the field has an alias.
Json presence(const Field& field) {
  auto ways = Json::array({Json{{"required", Json::array({name_of(field.path)})}}});
  for (const auto& alias : field_aliases()) {
    if (alias.path == field.path) ways.push_back({{"required", Json::array({name_of(alias.alias)})}});
  }
  if (ways.size() == 1) return ways[0];
  return {{"anyOf", std::move(ways)}};
}

Json group_schema(std::string_view group) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  auto present = Json::array();
  for (const Field* field : members_of(group)) {
    if (field->mark == Mark::unavailable) continue;
    const std::string name = name_of(field->path);
    schema["properties"][name] = field_schema(*field);
    if (field->mark == Mark::required) present.push_back(presence(*field));
    for (const auto& alias : field_aliases()) {
      if (alias.path != field->path) continue;
      Json other = field_schema(*field);
      other["description"] = fmt::format("Another name of {}.", alias.path);
      other["deprecated"] = alias.outdated;
      schema["properties"][name_of(alias.alias)] = std::move(other);
    }
  }
  if (!present.empty()) schema["allOf"] = std::move(present);
  // here an unknown member is an error, elsewhere a warning
  if (group == "quant_config" || group == "parallel_config") schema["additionalProperties"] = false;
  return schema;
}

/// The forms in which a parameter may be given.
Json values_schema() {
  const Json list = {{"type", "array"}};
  const Json number = {{"type", "number"}};
  const auto object = [](Json type, Json properties) {
    properties["type"] = std::move(type);
    return Json{
        {"type", "object"}, {"properties", std::move(properties)}, {"required", Json::array({"type"})}};
  };
  Json range = {
      {"low", number}, {"high", number}, {"min", number}, {"max", number}, {"log", {{"type", "boolean"}}}};
  Json whole = range;
  whole["step"] = {{"type", "integer"}, {"minimum", 1}};
  range["points"] = {{"type", "integer"}, {"minimum", 1}};
  Json untyped = {{"type", "object"},
                  {"properties", {{"values", list}, {"choices", list}}},
                  {"not", {{"required", Json::array({"type"})}}}};
  return {{"description", "One value, a list of values, or a range."},
          {"anyOf", Json::array({Json{{"type", Json::array({"string", "number", "boolean", "null"})}}, list,
                                 object({{"enum", Json::array({"choice", "categorical"})}},
                                        {{"values", list}, {"choices", list}}),
                                 object({{"const", "integer"}}, std::move(whole)),
                                 object({{"const", "continuous"}}, std::move(range)), std::move(untyped)})}};
}

}  // namespace

Json task_schema() {
  Json schema = {
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "autotuner task"},
      {"description", "What to tune: an engine, a model, the values to try, the load and the goal."}};
  schema.update(group_schema(""));
  schema["$defs"] = {{"limit", group_schema("limit")}, {"values", values_schema()}};
  return schema;
}

}  // namespace autotuner::spec
