#pragma once

#include <functional>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/json.hpp"
#include "cli/settings.hpp"
#include "engine/advice.hpp"
#include "spec/task.hpp"
#include "tuning/run.hpp"

namespace autotuner::cli {

/// What `plan` asks of this host; app/ supplies it.
struct PlanParts {
  std::function<engine::Hardware()> hardware;
  /// As tuning::EngineHost::model_config.
  std::function<base::Json(const spec::Task&)> model_config;
  /// As tuning::TaskStore::finished; asked of tasks alone that want to start from earlier ones.
  std::function<base::Result<std::vector<tuning::Run>>(engine::RuntimeId)> finished_runs;
  tuning::KernelSource kernels;
};

/// `plan FILE`: the whole dry run: space, exclusions, first commands, GPUs, time, and what arithmetic
/// expects.
void add_plan(CLI::App& app, const Settings& settings, PlanParts parts, int& exit_code);

}  // namespace autotuner::cli
