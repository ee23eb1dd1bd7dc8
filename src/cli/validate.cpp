#include "cli/validate.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/exit_code.hpp"
#include "cli/metric_reference.hpp"
#include "cli/refusal.hpp"
#include "cli/task_source.hpp"

namespace autotuner::cli {
namespace {

struct ValidateOptions {
  std::string file;
  bool strict = false, json = false;
};

struct SchemaOptions {
  bool markdown = false, metrics = false;
};

std::string schema_text(const SchemaOptions& options) {
  if (options.markdown) return spec::task_reference_markdown();
  if (options.metrics) return metrics_markdown();
  return base::to_pretty_text(spec::task_schema());
}

int validate(const ValidateOptions& options, const engine::Hardware& hardware) {
  const auto text = read_file(options.file);
  if (!text) {
    refuse(text.error(), options.json);
    return bad_usage;
  }
  const auto loaded = spec::load_task(*text, spec::format_of(options.file), {options.strict, hardware.gpus});
  if (options.json) {
    fmt::print("{}\n", base::to_pretty_text(
                           {{"valid", !loaded.has_errors()}, {"problems", to_json(loaded.problems)}}));
  } else {
    for (const auto& problem : loaded.problems) fmt::print("{}\n", spec::to_text(problem, options.file));
    if (!loaded.has_errors()) fmt::print("{}: valid\n", options.file);
  }
  return loaded.has_errors() ? bad_usage : success;
}

}  // namespace

void add_validate(CLI::App& app, std::function<engine::Hardware()> hardware, int& exit_code) {
  auto options = std::make_shared<ValidateOptions>();
  auto* command = app.add_subcommand("validate", "check a task file and list every problem");
  command->add_option("FILE", options->file, "task file")->required();
  command->add_flag("--strict", options->strict, "treat warnings as errors");
  command->add_flag("--json", options->json, "problems as JSON");
  command->footer(
      "Examples:\n  autotuner validate task.yaml\n  autotuner validate --strict --json task.json");
  command->callback(
      [options, hardware = std::move(hardware), &exit_code] { exit_code = validate(*options, hardware()); });

  auto form = std::make_shared<SchemaOptions>();
  auto* schema = app.add_subcommand("schema", "print the JSON Schema of the task file, or its reference");
  auto* markdown =
      schema->add_flag("--markdown", form->markdown, "the task file's reference for people, as Markdown");
  schema->add_flag("--metrics", form->metrics, "the reference of all metrics, as Markdown")
      ->excludes(markdown);
  schema->footer(
      "Examples:\n  autotuner schema > task.schema.json\n  autotuner schema --markdown | less\n"
      "  # yaml-language-server: $schema=task.schema.json     (first line of a YAML task file)");
  schema->callback([form, &exit_code] {
    fmt::print("{}\n", schema_text(*form));
    exit_code = success;
  });
}

}  // namespace autotuner::cli
