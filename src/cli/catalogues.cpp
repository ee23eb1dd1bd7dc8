#include "cli/catalogues.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "engine/catalogue.hpp"

namespace autotuner::cli {
namespace {

struct PresetOptions {
  std::string name;
  bool json = false;
};

struct ParamsOptions {
  std::string engine, filter;
  bool tuned = false, json = false;
};

std::size_t grid_points(const base::Json& parameters) {
  std::size_t points = 1;
  for (const auto& [name, values] : parameters.items())
    points *= values.is_array() && !values.empty() ? values.size() : 1;
  return points;
}

int presets(const PresetOptions& options) {
  base::Json all = base::Json::array();
  for (const auto& preset : engine::system_presets()) {
    const auto parameters = base::parse_json(preset.parameters_json);
    if (!parameters) continue;
    const auto runtime = std::string(engine::runtime(preset.runtime).key);
    if (!options.name.empty() && base::to_lower(options.name) != base::to_lower(preset.name)) continue;
    all.push_back({{"name", std::string(preset.name)},
                   {"runtime", runtime},
                   {"description", std::string(preset.description)},
                   {"parameters", *parameters}});
  }
  if (!options.name.empty() && all.empty()) {
    std::vector<std::string_view> names;
    for (const auto& preset : engine::system_presets()) names.push_back(preset.name);
    const auto meant = base::nearest(options.name, names);
    fmt::print(stderr, "error: no preset '{}'{}; `autotuner presets` lists them\n", options.name,
               meant ? fmt::format("; did you mean '{}'?", *meant) : "");
    return bad_usage;
  }
  if (options.json || !options.name.empty()) {
    fmt::print("{}\n", base::to_pretty_text(options.name.empty() ? all : all.front()));
    return success;
  }
  for (const auto& preset : all) {
    fmt::print("{:<28} {:<8} {} parameters, {} grid points\n", preset["name"].get<std::string>(),
               preset["runtime"].get<std::string>(), preset["parameters"].size(),
               grid_points(preset["parameters"]));
  }
  return success;
}

const char* type_word(engine::FlagType type) {
  switch (type) {
    case engine::FlagType::any:
      return "";
    case engine::FlagType::boolean:
      return "bool";
    case engine::FlagType::integer:
      return "int";
    case engine::FlagType::real:
      return "float";
    case engine::FlagType::text:
      return "str";
    case engine::FlagType::json:
      return "json";
  }
  return "";
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ",") + std::string(word);
  return text;
}

int params(const ParamsOptions& options) {
  const auto runtime = engine::find_runtime(options.engine);
  if (!runtime) {
    fmt::print(stderr, "error: {}\n", runtime.error().message);
    return bad_usage;
  }
  base::Json rows = base::Json::array();
  for (const auto& flag : engine::catalogue(*runtime)) {
    if (options.tuned && !flag.tuned) continue;
    if (!options.filter.empty() && flag.name.find(options.filter) == std::string_view::npos) continue;
    base::Json values = base::Json::array();
    for (const auto value : flag.values) values.push_back(std::string(value));
    rows.push_back({{"name", std::string(flag.name)},
                    {"type", type_word(flag.type)},
                    {"values", values},
                    {"default", std::string(flag.default_text)},
                    {"group", std::string(flag.group)},
                    {"tuned", flag.tuned},
                    {"negatable", flag.negatable},
                    {"reserved", flag.reserved}});
    if (options.json) continue;
    fmt::print("{}{:<40} {:<6} {:<24} {}\n", flag.tuned ? "*" : " ", flag.name, type_word(flag.type),
               flag.default_text.empty() ? "" : fmt::format("default {}", flag.default_text),
               joined(flag.values));
  }
  if (options.json) fmt::print("{}\n", base::to_pretty_text(rows));
  if (!options.json) fmt::print(stderr, "{} flags; * = commonly tuned\n", rows.size());
  return success;
}

}  // namespace

void add_catalogues(CLI::App& app, int& exit_code) {
  auto preset = std::make_shared<PresetOptions>();
  auto* listing = app.add_subcommand("presets", "list the parameter presets, or show one");
  listing->add_option("NAME", preset->name, "preset to show");
  listing->add_flag("--json", preset->json, "as JSON");
  listing->footer("Examples:\n  autotuner presets\n  autotuner presets 'vLLM Performance Tuning'");
  listing->callback([preset, &exit_code] { exit_code = presets(*preset); });

  auto options = std::make_shared<ParamsOptions>();
  auto* command = app.add_subcommand("params", "list the flags that an engine knows");
  command->add_option("ENGINE", options->engine, "llamacpp, vllm, sglang, tensorrt-llm or sim")->required();
  command->add_option("--filter", options->filter, "only names that contain this");
  command->add_flag("--tuned", options->tuned, "only what is commonly tuned");
  command->add_flag("--json", options->json, "as JSON");
  command->footer(
      "Examples:\n  autotuner params llamacpp --tuned\n  autotuner params vllm --filter batch --json");
  command->callback([options, &exit_code] { exit_code = params(*options); });
}

}  // namespace autotuner::cli
