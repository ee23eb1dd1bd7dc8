#pragma once

#include <CLI/CLI.hpp>

namespace autotuner::cli {

/// `optimize --protocol json`: the optimizer as a service on standard input and output.
void add_optimize(CLI::App& app, int& exit_code);

}  // namespace autotuner::cli
