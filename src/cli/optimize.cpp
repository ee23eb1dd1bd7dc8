#include "cli/optimize.hpp"

#include <iostream>
#include <string>

#include <fmt/format.h>

#include "cli/exit_code.hpp"
#include "cli/line_protocol.hpp"
#include "cli/prior.hpp"

namespace autotuner::cli {

void add_optimize(CLI::App& app, int& exit_code) {
  struct Choices {
    std::string protocol;
    std::string strategy = "gp";
    bool no_prior = false;
  };
  auto choices = std::make_shared<Choices>();
  auto* command =
      app.add_subcommand("optimize", "the optimizer as a service: ask and tell on stdin and stdout");
  command->add_option("--protocol", choices->protocol, "one JSON object per line, in and out")
      ->required()
      ->check(CLI::IsMember({"json"}));
  command
      ->add_option("--strategy", choices->strategy,
                   "gp, forest, tpe, tpe-multivariate, hill_climb, random, sobol or grid")
      ->capture_default_str();
  command->add_flag("--no-prior", choices->no_prior, "do not reckon what the facts say about model and GPU");
  command->footer(
      "The first line names the space; then ask for points and tell what they brought, in any order.\n"
      "docs/optimizer.md describes the lines.\n\n"
      "Example:\n"
      "  $ autotuner optimize --protocol json\n"
      "  {\"space\": {\"parameters\": [{\"name\": \"x\", \"type\": \"ordinal\", \"values\": [1, 2, 4]}]}, "
      "\"seed\": 1}\n"
      "  {\"ready\":true}\n"
      "  {\"ask\": 1}\n"
      "  {\"point\":{\"x\":2}}\n"
      "  {\"tell\": {\"point\": {\"x\": 2}, \"status\": \"ok\", \"score\": 3.5}}\n"
      "  {\"ok\":true}");
  command->callback([choices, &exit_code] {
    const auto options = strategy_options(choices->strategy);
    if (!options) {
      fmt::print(stderr, "error: {}\n", options.error().message);
      exit_code = exit_code_of(options.error());
      return;
    }
    LineProtocol protocol(*options, choices->no_prior ? nullptr : add_prior);
    std::string line;
    while (std::getline(std::cin, line)) std::cout << protocol.answer(line) << '\n' << std::flush;
    exit_code = success;
  });
}

}  // namespace autotuner::cli
