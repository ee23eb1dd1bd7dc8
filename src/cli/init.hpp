#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "engine/advice.hpp"

namespace autotuner::cli {

/// `init`: the task that `tune --engine ... --model ...` would run, as a commented YAML file.
void add_init(CLI::App& app, std::function<engine::Hardware()> hardware, int& exit_code);

}  // namespace autotuner::cli
