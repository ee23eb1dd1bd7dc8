#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "cli/settings.hpp"
#include "engine/advice.hpp"

namespace autotuner::cli {

/// `plan FILE`: the whole dry run: space, exclusions, first commands, GPUs, time.
void add_plan(CLI::App& app, const Settings& settings, std::function<engine::Hardware()> hardware,
              int& exit_code);

}  // namespace autotuner::cli
