#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "engine/command_line.hpp"
#include "hosts/engine_program.hpp"
#include "hosts/gpu_choice.hpp"
#include "hosts/model_source.hpp"
#include "hosts/port_finder.hpp"
#include "tuning/ports/engine_host.hpp"

namespace autotuner::hosts {

struct LocalHostSettings {
  std::string
      run_folder;  ///< port locks; one folder for all processes of this user, whatever their data folder
  std::string log_folder;  ///< engine logs of requests that name none; empty = not written
  std::map<std::string, std::string> environment;  ///< what engines inherit, PATH included
  std::string own_executable;  ///< this program: the simulated engine is one of its subcommands
  std::map<std::string, RuntimeProgram, std::less<>> programs;  ///< setting runtimes.<key>
  std::string model_base_path = "/mnt/data/models";
  std::string hf_home;                  ///< empty = HF_HOME, else ~/.cache/huggingface, of `environment`
  engine::EnvironmentSettings network;  ///< proxies, token, offline
  std::string hub_endpoint = "https://huggingface.co";
  int first_port = 30000, last_port = 30100;
  std::set<int> excluded_ports;               ///< our own server's
  std::optional<std::uint64_t> memory_limit;  ///< bytes per engine; absent = what is free less the reserve
  double memory_reserve = 0.1;
  std::vector<int> engine_cpus;  ///< engines run on these only; empty = wherever we may
};

/// Where models may lie by these settings.
ModelFolders model_folders(const LocalHostSettings& settings);

/// hf_home of the settings, else HF_HOME of their environment, else ~/.cache/huggingface.
std::string hugging_face_home(const LocalHostSettings& settings);

/// Engines as plain processes of this host. Starts block a thread of `pool` until the engine is ready.
class LocalHost final : public tuning::EngineHost {
 public:
  /// `pool` must outlive this object and every engine it started; this object must outlive its engines, too.
  LocalHost(LocalHostSettings settings, boost::asio::thread_pool& pool);

  base::Awaitable<tuning::Started> start(
      tuning::EngineRequest request, std::stop_token stop,
      std::function<void(std::string phase, std::string detail)> progress) override;
  base::Awaitable<base::Result<void>> check(const tuning::EngineRequest& request) override;
  base::Awaitable<base::Result<void>> fetch(const tuning::EngineRequest& request, std::stop_token stop,
                                            std::function<void(std::string detail)> progress) override;
  base::Awaitable<base::Json> model_config(const tuning::EngineRequest& request) override;

 private:
  LocalHostSettings settings_;
  boost::asio::thread_pool& pool_;
  PortFinder ports_;
  GpuPool gpus_;
};

}  // namespace autotuner::hosts
