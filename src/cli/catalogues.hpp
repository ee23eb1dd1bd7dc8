#pragma once

#include <CLI/CLI.hpp>

namespace autotuner::cli {

/// `presets [NAME]` and `params ENGINE`: named parameter lists, and the flags an engine knows.
void add_catalogues(CLI::App& app, int& exit_code);

}  // namespace autotuner::cli
