#include "cli/init.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "cli/exit_code.hpp"
#include "cli/task_source.hpp"

namespace autotuner::cli {
namespace {

struct InitOptions {
  WishOptions wish;
  std::string file = "task.yaml";
  bool force = false;
};

int init(const InitOptions& options, const engine::Hardware& hardware) {
  const auto wish = wish_of(options.wish, hardware);
  const auto yaml =
      wish ? spec::compose_yaml(*wish) : base::Result<std::string>(tl::unexpected(wish.error()));
  if (!yaml) {
    fmt::print(stderr, "error: {}\n", yaml.error().message);
    return bad_usage;
  }
  if (options.file == "-") {
    fmt::print("{}", *yaml);
    return success;
  }
  std::error_code code;
  if (std::filesystem::exists(options.file, code) && !options.force) {
    fmt::print(stderr, "error: '{}' exists; --force overwrites it, --file names another\n", options.file);
    return bad_usage;
  }
  if (const auto written = write_file(options.file, *yaml); !written) {
    fmt::print(stderr, "error: {}\n", written.error().message);
    return work_failed;
  }
  fmt::print("{}\n", options.file);
  fmt::print(stderr, "Written. Next: autotuner plan {0} && autotuner tune {0}\n", options.file);
  return success;
}

}  // namespace

void add_init(CLI::App& app, std::function<engine::Hardware()> hardware, int& exit_code) {
  auto options = std::make_shared<InitOptions>();
  auto* command = app.add_subcommand("init", "write a commented task file for an engine and a model");
  options->wish.add_to(*command);
  command->add_option("--file", options->file, "file to write; - prints it")->capture_default_str();
  command->add_flag("--force", options->force, "overwrite an existing file");
  command->footer(
      "Examples:\n  autotuner init --engine llamacpp --model model.gguf --ttft p90:1s\n"
      "  autotuner init --engine vllm --model Qwen/Qwen2.5-7B-Instruct --objective minimize_tpot --file -");
  command->callback(
      [options, hardware = std::move(hardware), &exit_code] { exit_code = init(*options, hardware()); });
}

}  // namespace autotuner::cli
