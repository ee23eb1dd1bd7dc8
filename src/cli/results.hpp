#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "cli/settings.hpp"
#include "tuning/ports/task_store.hpp"

namespace autotuner::cli {

/// Reading the store; app/ supplies it. An empty name means the task that was run last.
struct ResultsParts {
  std::function<base::Result<tuning::Run>(const std::string& task_name)> find;
  std::function<base::Result<std::vector<tuning::TaskHead>>()> list;
  /// Hands an engine's log to the sink, however it is kept.
  std::function<base::Result<void>(const std::string& path,
                                   const std::function<void(std::string_view)>& sink)>
      read_log;
};

/// `results` and `export`: see what is stored, write it out.
void add_results(CLI::App& app, const Settings& settings, ResultsParts parts, int& exit_code);

}  // namespace autotuner::cli
