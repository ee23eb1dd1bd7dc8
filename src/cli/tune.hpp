#pragma once

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/thread_pool.hpp>

#include "cli/settings.hpp"
#include "engine/advice.hpp"
#include "tuning/ports/engine_host.hpp"
#include "tuning/ports/load_runner.hpp"
#include "tuning/ports/task_store.hpp"
#include "tuning/premises.hpp"

namespace autotuner::cli {

/// Where engines are to run, and what the command line says about it.
struct HostWish {
  spec::DeploymentMode mode = spec::DeploymentMode::local;
  std::string model_path;  ///< folder of models given by name; empty = the setting
};

/// What `tune` needs of the concrete world; app/ supplies it.
struct TuneParts {
  std::function<base::Result<std::unique_ptr<tuning::TaskStore>>(boost::asio::thread_pool&)> open_store;
  std::function<base::Result<std::unique_ptr<tuning::EngineHost>>(const HostWish&, boost::asio::thread_pool&)>
      make_host;
  std::function<std::unique_ptr<tuning::LoadRunner>(boost::asio::thread_pool&)> make_load;
  /// Held while the task runs; refuses a second runner with the reason.
  std::function<base::Result<std::shared_ptr<void>>(const std::string& task_name)> lock_task;
  /// After the task. Errors cost nothing but room on the disk.
  std::function<base::Result<void>(const std::string& path)> compress_log;
  std::function<std::vector<tuning::HostFact>()> audit_host;
  std::function<engine::Hardware()> detect_hardware;
  tuning::KernelSource kernels;
};

void add_tune(CLI::App& app, const Settings& settings, TuneParts parts, int& exit_code);

}  // namespace autotuner::cli
