#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "spec/fields.hpp"
#include "spec/load_task.hpp"

namespace autotuner::spec {
namespace {

struct Group {
  std::string_view path;
  std::string_view title;
  std::string_view text;
};

constexpr auto groups = std::to_array<Group>({
    {"", "Top level", ""},
    {"model", "model", ""},
    {"quant_config", "quant_config",
     "Each field takes one value or a list of values to try. An absent section adds no flags."},
    {"parallel_config", "parallel_config",
     "Each field takes one value or a list of values to try. Combinations that break a rule of the engine "
     "are left out before anything starts, with the reason."},
    {"optimization", "optimization", ""},
    {"optimization.repeat_best", "optimization.repeat_best", ""},
    {"optimization.race", "optimization.race", ""},
    {"optimization.short_look", "optimization.short_look", ""},
    {"benchmark", "benchmark", "Every level is run for every scenario; each pair is one operating point."},
    {"slo", "slo", "Absent, or without a threshold: no limits."},
    {"slo.latency", "slo.latency", ""},
    {"limit", "Members of every limit", "These stand in `slo.latency.p90`, `slo.ttft` and the like."},
});

struct ValueForm {
  std::string_view form;
  std::string_view meaning;
};

constexpr auto value_forms = std::to_array<ValueForm>({
    {"`[1, 2, 4]`", "These values, in this order. A list or an object inside the list is one value."},
    {"`0.85`, `auto`", "The same as a list of one: the flag is set and does not vary."},
    {"`[true, false]`", "A switch: true gives the flag, false leaves it out (or gives its `--no-` form)."},
    {"`[null, fp8]`", "null leaves the flag to the engine's default."},
    {"`{type: choice, values: [a, b]}`", "The same as a list; `categorical` means the same."},
    {"`{type: integer, low: 1, high: 10, step: 1, log: false}`",
     "Whole numbers, both ends included; a grid visits them by `step`, at most 1000."},
    {"`{type: continuous, low: 0.7, high: 0.95, points: 6, log: false}`",
     "Real numbers; a grid needs `points`. `min` and `max` are other names of `low` and `high`."},
    {"`[]`, `null`", "The parameter is left out, with a warning."},
});

std::string cell(std::string_view text) {
  return base::replace_all(std::string(text), "|", "\\|");
}

std::string name_of(const Field& field) {
  return std::string(field.path.substr(field.path.rfind('.') + 1));
}

std::string type_text(const Field& field) {
  switch (field.type) {
    case FieldType::text:
      return "text";
    case FieldType::integer:
      return "whole number";
    case FieldType::number:
      return "number";
    case FieldType::boolean:
      return "true or false";
    case FieldType::object:
      return "object";
    case FieldType::boolean_or_object:
      return "true, false or object";
    case FieldType::list:
      return "list";
    case FieldType::text_list:
      return "list of text";
    case FieldType::integer_list:
      return "list of whole numbers";
    case FieldType::number_list:
      return "list of numbers";
    case FieldType::integer_or_text:
      return "whole number or word";
    case FieldType::scalar_or_list:
      return "value or list";
  }
  return "";
}

std::string allowed_text(const Field& field) {
  if (!field.allowed.empty()) {
    std::string text;
    for (const auto word : field.allowed) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", word);
    if (field.type == FieldType::integer_or_text) text += ", " + to_text(field.bounds);
    return text;
  }
  return field.bounds.low || field.bounds.high ? to_text(field.bounds) : "";
}

std::string row(const Field& field) {
  const std::string preset = field.mark == Mark::required ? "required"
                             : field.preset.empty()       ? ""
                                                          : fmt::format("`{}`", field.preset);
  std::string meaning(field.help);
  if (field.mark == Mark::no_effect) meaning += fmt::format(" Has no effect: {}.", field.note);
  if (field.mark == Mark::secret) meaning += " Secret: never stored, shown or logged.";
  const std::string type =
      field.unit.empty() ? type_text(field) : fmt::format("{}, {}", type_text(field), field.unit);
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", name_of(field), cell(type), cell(preset),
                     cell(allowed_text(field)), cell(meaning));
}

std::string group_text(const Group& group) {
  std::string text = fmt::format("## {}\n\n", group.title);
  if (!group.text.empty()) text += fmt::format("{}\n\n", group.text);
  text += "| field | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Field* field : members_of(group.path)) {
    if (field->mark != Mark::unavailable) text += row(*field);
  }
  return text + "\n";
}

}  // namespace

std::string task_reference_markdown() {
  std::string text =
      "# Task document\n\n"
      "A YAML file (`.yaml`, `.yml`) or a JSON file (any other name) with one object. The order of keys "
      "inside `parameters`, "
      "`quant_config` and `parallel_config` is the order of experiments and of command-line flags. An "
      "unknown key is a warning, "
      "`--strict` makes errors of warnings. `null` means \"not given\". All times are seconds, except "
      "`max_time_per_iteration`.\n\n";
  for (const auto& group : groups) text += group_text(group);
  text +=
      "## Value forms of parameters\n\nKeys are the engine's flags without dashes, `env.NAME` for an "
      "environment variable of the engine, or one of the load generator's parameters, which need no new "
      "start "
      "of the engine: `client.concurrency`, the requests in flight in place of `benchmark.num_concurrency` "
      "(the score is that of the best one), and `client.request.NAME`, a member of each request's body.\n\n"
      "| form | meaning |\n| --- | --- |\n";
  for (const auto& form : value_forms)
    text += fmt::format("| {} | {} |\n", cell(form.form), cell(form.meaning));
  text += "\n## Other names\n\n| name | stands for |\n| --- | --- |\n";
  for (const auto& alias : field_aliases()) {
    text += fmt::format("| `{}` | `{}`{} |\n", alias.alias, alias.path, alias.outdated ? " (outdated)" : "");
  }
  text +=
      "\n## Known, but not available\n\nThese are errors, so that no setting is lost unnoticed.\n\n| field | "
      "instead |\n| --- | --- |\n";
  for (const auto& field : all_fields()) {
    if (field.mark == Mark::unavailable) text += fmt::format("| `{}` | {} |\n", field.path, cell(field.note));
  }
  return text;
}

}  // namespace autotuner::spec
