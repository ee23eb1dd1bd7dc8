#include "hosts/local_host.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "hosts/cpu_facts.hpp"
#include "hosts/local_engine.hpp"
#include "hosts/memory_limit.hpp"

namespace autotuner::hosts {
namespace {

using engine::Failure;
using engine::FailureClass;
using engine::FailureCode;
using engine::RuntimeId;
using tuning::EngineRequest;

constexpr auto usual_ready_limit = std::chrono::seconds(600);

tl::unexpected<Failure> deploy_failed(const base::Error& error, bool transient = false) {
  return tl::unexpected(Failure{FailureCode::deploy_failed, FailureClass::other, error.message, transient});
}

std::string hf_home_of(const LocalHostSettings& settings) {
  if (!settings.hf_home.empty()) return settings.hf_home;
  const auto variable = [&](const char* name) {
    const auto at = settings.environment.find(name);
    return at == settings.environment.end() ? std::string() : at->second;
  };
  if (!variable("HF_HOME").empty()) return variable("HF_HOME");
  return variable("HOME") + "/.cache/huggingface";
}

ModelFolders model_folders(const LocalHostSettings& settings) {
  return {settings.model_base_path, hf_home_of(settings), settings.network.offline};
}

ProgramSettings program_settings(const LocalHostSettings& settings) {
  return {settings.programs, settings.environment, settings.own_executable};
}

/// GPUs for an engine that computes on them. A host without any runs it on its CPU.
base::Result<GpuLease> take_gpus(const EngineRequest& request, const LocalHostSettings& settings,
                                 GpuPool& pool) {
  if (request.runtime == RuntimeId::sim || request.resolved.world_size == 0) return GpuLease();
  auto devices = list_gpus(settings.environment);
  if (!devices) return tl::unexpected(devices.error());
  if (devices->empty()) return GpuLease();
  auto chosen = pool.take(std::move(*devices), request.resolved.world_size);
  if (!chosen) return tl::unexpected(chosen.error());
  return GpuLease(pool, std::move(*chosen));
}

MemoryLimit limit_memory(const EngineRequest& request, const LocalHostSettings& settings, bool on_gpus) {
  const auto free = static_cast<double>(free_memory());
  const auto usual = static_cast<std::uint64_t>(free * (1.0 - settings.memory_reserve));
  // The simulated engine takes little, and a build with sanitizers maps terabytes it never uses.
  const bool address_space_suits = !on_gpus && request.runtime != RuntimeId::sim;
  return make_memory_limit(settings.memory_limit.value_or(usual), request.service_name, address_space_suits);
}

std::map<std::string, std::string> engine_environment(const EngineRequest& request,
                                                      const LocalHostSettings& settings, const GpuLease& gpus,
                                                      bool model_on_disk) {
  auto wanted = settings.network;
  if (!request.model.hf_token.empty()) wanted.hf_token = request.model.hf_token;
  wanted.hf_home = hf_home_of(settings);
  wanted.offline = settings.network.offline || model_on_disk;
  for (const auto& device : gpus.devices()) wanted.gpu_uuids.push_back(device.uuid);
  auto environment = settings.environment;
  for (const auto& [name, value] : engine::environment(wanted)) environment[name] = value;
  // A simulated or CPU engine must not take GPUs from others by accident.
  if (gpus.devices().empty()) environment["CUDA_VISIBLE_DEVICES"] = "";
  for (const auto& [name, value] : request.resolved.environment) environment[name] = value;
  return environment;
}

std::string log_path_of(const EngineRequest& request, const LocalHostSettings& settings) {
  if (!request.log_path.empty()) return request.log_path;
  return settings.log_folder.empty() ? std::string()
                                     : fmt::format("{}/{}.log", settings.log_folder, request.service_name);
}

tl::expected<LocalEngineParts, Failure> prepare(const EngineRequest& request,
                                                const LocalHostSettings& settings, const PortFinder& ports,
                                                GpuPool& pool) {
  auto program = find_program(request.runtime, program_settings(settings));
  if (!program) return deploy_failed(program.error());
  const auto model = find_model(request.runtime, request.model.id_or_path, model_folders(settings));
  if (!model) return deploy_failed(model.error());
  auto gpus = take_gpus(request, settings, pool);
  if (!gpus) return deploy_failed(gpus.error());
  auto port = ports.take();
  if (!port) return deploy_failed(port.error());

  LocalEngineParts parts;
  parts.runtime = request.runtime;
  parts.name = request.service_name;
  parts.log_path = log_path_of(request, settings);
  parts.gpus = std::move(*gpus);
  parts.port = std::move(*port);
  const bool on_gpus = !parts.gpus.devices().empty();
  if (!on_gpus && request.runtime != RuntimeId::sim) parts.engine_cores = usable_cores(settings.engine_cpus);

  engine::Invocation invocation;
  invocation.program = std::move(*program);
  invocation.model = model->argument;
  invocation.served_name = request.served_name.empty() ? request.service_name : request.served_name;
  invocation.port = parts.port.port();
  parts.spec.command = engine::command_line(invocation, request.resolved.flags, request.runtime);
  parts.spec.environment = engine_environment(request, settings, parts.gpus, model->on_disk);
  parts.spec.tag = make_tag(request.service_name);
  parts.spec.cpus = settings.engine_cpus;
  parts.memory = limit_memory(request, settings, on_gpus);
  parts.spec.group_folder = parts.memory.group_folder;
  if (parts.memory.means == MemoryLimit::Means::address_space) parts.spec.address_space = parts.memory.bytes;
  return parts;
}

}  // namespace

LocalHost::LocalHost(LocalHostSettings settings, boost::asio::thread_pool& pool)
    : settings_(std::move(settings)),
      pool_(pool),
      ports_(settings_.first_port, settings_.last_port, settings_.excluded_ports, settings_.run_folder) {
  // What an earlier run left when it and its keeper were killed together would spoil this run's numbers.
  sweep_orphans();
}

base::Awaitable<tuning::Started> LocalHost::start(tuning::EngineRequest request, std::stop_token stop,
                                                  std::function<void(std::string, std::string)> progress) {
  const auto tell = [&progress](std::string phase, std::string detail) {
    if (progress) progress(std::move(phase), std::move(detail));
  };
  auto work = [&]() -> tuning::Started {
    if (stop.stop_requested()) {
      return tl::unexpected(
          Failure{FailureCode::cancelled, FailureClass::cancelled, "Cancelled by user", false});
    }
    auto parts = prepare(request, settings_, ports_, gpus_);
    if (!parts) return tl::unexpected(parts.error());
    const auto port = parts->port.port();
    tell("deploy", fmt::format("{} on port {}",
                               std::filesystem::path(parts->spec.command.front()).filename().string(), port));
    auto engine = LocalEngine::launch(std::move(*parts), pool_);
    if (!engine) return tl::unexpected(engine.error());
    tell("ready", "waiting until it answers");
    const auto ready_by = request.ready_by == base::SteadyTime{}
                              ? std::chrono::steady_clock::now() + usual_ready_limit
                              : request.ready_by;
    const auto ready_progress = [&](std::string detail) { tell("ready", std::move(detail)); };
    if (auto failure = (*engine)->get_ready(ready_by, request.longest_context, stop, ready_progress)) {
      return tl::unexpected(std::move(*failure));
    }
    return std::move(*engine);
  };
  co_return co_await base::run_blocking(pool_, work);
}

base::Awaitable<base::Result<void>> LocalHost::check(const tuning::EngineRequest& request) {
  auto work = [this, &request]() -> base::Result<void> {
    if (const auto program = find_program(request.runtime, program_settings(settings_)); !program) {
      return tl::unexpected(program.error());
    }
    const auto model = find_model(request.runtime, request.model.id_or_path, model_folders(settings_));
    if (!model) return tl::unexpected(model.error());
    return {};
  };
  co_return co_await base::run_blocking(pool_, work);
}

}  // namespace autotuner::hosts
