#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/settings.hpp"

namespace autotuner::cli {

/// Adds one subcommand; the int is the exit code its callback sets.
using AddCommand = std::function<void(CLI::App&, int&)>;

/// The whole command line: parses, runs the subcommand, returns the process's exit code.
int run_application(int argc, const char* const* argv, const Settings& settings,
                    const std::vector<AddCommand>& commands);

/// `sim`: everything behind the word goes to the simulator, which has its own table of flags.
void add_sim(CLI::App& app, std::function<int(std::vector<std::string>)> serve, int& exit_code);

/// `version`.
void add_version(CLI::App& app, const Settings& settings, int& exit_code);

}  // namespace autotuner::cli
