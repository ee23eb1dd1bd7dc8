#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "engine/advice.hpp"

namespace autotuner::cli {

/// `validate FILE`: problems only. `schema`: the JSON Schema of the task file.
void add_validate(CLI::App& app, std::function<engine::Hardware()> hardware, int& exit_code);

}  // namespace autotuner::cli
