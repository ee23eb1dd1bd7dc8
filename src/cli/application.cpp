#include "cli/application.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/refusal.hpp"

namespace autotuner::cli {
namespace {

/// A mistyped subcommand gets a "did you mean" instead of a list of everything.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error, int argc,
                        const char* const* argv) {
  std::string text = error.what();
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-")) continue;
    if (std::ranges::find(names, word) != names.end()) break;
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto meant = base::nearest(word, views);
    text =
        fmt::format("unknown command '{}'{}", word, meant ? fmt::format("; did you mean '{}'?", *meant) : "");
    break;
  }
  return text;
}

}  // namespace

int run_application(int argc, const char* const* argv, const Settings& settings,
                    const std::vector<AddCommand>& commands) {
  CLI::App app{
      "Finds the best configuration of an LLM inference engine: deploys it, sends it load, scores the "
      "answer, and says\n"
      "which configuration to ship and why, with its launch command.",
      "autotuner"};
  int exit_code = success;
  app.require_subcommand(1);
  app.set_version_flag("--version", "autotuner " + settings.version);
  app.get_formatter()->column_width(34);
  app.footer(
      "Start here:\n"
      "  autotuner tune --engine llamacpp --model model.gguf --ttft p90:1s --tpot 40ms\n"
      "  autotuner plan task.yaml && autotuner tune task.yaml\n"
      "  autotuner doctor\n\n"
      "Every command has --help with examples. Results are data on stdout; progress and warnings go to "
      "stderr.\n"
      "With --json, tune, plan, validate and bench say what they can't do on stdout, too, as\n"
      "{\"error\": {\"kind\", \"message\", \"problems\"}}; the exit code is the same.");
  for (const auto& add : commands) add(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    const bool json = std::ranges::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
    refuse(base::Error{base::ErrorKind::invalid_input, usage_error(app, error, argc, argv)}, json);
    fmt::print(stderr, "Run 'autotuner --help' or 'autotuner COMMAND --help'.\n");
    return bad_usage;
  }
  return exit_code;
}

void add_sim(CLI::App& app, std::function<int(std::vector<std::string>)> serve, int& exit_code) {
  auto* command =
      app.add_subcommand("sim", "run the simulated engine: an OpenAI-compatible server with invented speed");
  command->set_help_flag();
  command->prefix_command();
  command->callback(
      [command, serve = std::move(serve), &exit_code] { exit_code = serve(command->remaining()); });
}

void add_version(CLI::App& app, const Settings& settings, int& exit_code) {
  auto* command = app.add_subcommand("version", "print the version");
  command->callback([&settings, &exit_code] {
    fmt::print("autotuner {}\n", settings.version);
    exit_code = success;
  });
}

}  // namespace autotuner::cli
