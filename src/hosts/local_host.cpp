#include "hosts/local_host.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "hosts/cpu_facts.hpp"
#include "hosts/local_engine.hpp"
#include "hosts/log_archive.hpp"
#include "hosts/memory_limit.hpp"
#include "hosts/model_config.hpp"
#include "hosts/model_download.hpp"
#include "hosts/prerequisites.hpp"

namespace autotuner::hosts {
namespace {

using engine::Failure;
using engine::FailureClass;
using engine::FailureCode;
using engine::RuntimeId;
using tuning::EngineRequest;

constexpr auto usual_ready_limit = std::chrono::seconds(600);

tl::unexpected<Failure> deploy_failed(const base::Error& error) {
  return tl::unexpected(Failure{FailureCode::deploy_failed, FailureClass::other, error.message, false});
}

/// Engines told to take their models from elsewhere fetch them themselves.
bool uses_another_hub(const LocalHostSettings& settings) {
  return std::ranges::any_of(std::array{"VLLM_USE_MODELSCOPE", "SGLANG_USE_MODELSCOPE"},
                             [&](const char* name) {
                               const auto at = settings.environment.find(name);
                               return at != settings.environment.end() &&
                                      (base::to_lower(at->second) == "true" || at->second == "1");
                             });
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
  auto chosen = pool.take(of_type(std::move(*devices), request.gpu_type), request.resolved.world_size);
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
  wanted.hf_home = hugging_face_home(settings);
  wanted.offline = settings.network.offline || model_on_disk;
  for (const auto& device : gpus.devices()) wanted.gpu_uuids.push_back(device.uuid);
  auto environment = settings.environment;
  for (const auto& [name, value] : engine::environment(wanted)) environment[name] = value;
  // A simulated or CPU engine must not take GPUs from others by accident.
  if (gpus.devices().empty()) environment["CUDA_VISIBLE_DEVICES"] = "";
  for (const auto& [name, value] : request.resolved.environment) environment[name] = value;
  return environment;
}

/// llama.cpp's default is a thread for each core of the machine, also of those that it may not use.
space::Point flags_on_cpus(const EngineRequest& request, const std::vector<int>& cpus) {
  auto flags = request.resolved.flags;
  if (request.runtime != RuntimeId::llamacpp || cpus.empty()) return flags;
  const auto* threads = flags.find("threads");
  if (threads == nullptr || engine::readable_value(request.runtime, "threads", *threads) == "auto")
    flags.set("threads", physical_cores(cpus));
  return flags;
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
  if (!request.continues_log && !parts.log_path.empty()) remove_log(parts.log_path);
  parts.gpus = std::move(*gpus);
  parts.port = std::move(*port);
  const bool on_gpus = !parts.gpus.devices().empty();
  if (!on_gpus && request.runtime != RuntimeId::sim) parts.engine_cores = usable_cores(settings.engine_cpus);

  engine::Invocation invocation;
  invocation.program = std::move(*program);
  invocation.model = model->argument;
  invocation.served_name = request.served_name.empty() ? request.service_name : request.served_name;
  invocation.port = parts.port.port();
  parts.spec.command =
      engine::command_line(invocation, flags_on_cpus(request, settings.engine_cpus), request.runtime);
  parts.spec.environment = engine_environment(request, settings, parts.gpus, model->on_disk);
  parts.secrets = engine::secret_values(request.resolved.flags, parts.spec.environment);
  parts.spec.tag = make_tag(request.service_name);
  parts.spec.cpus = settings.engine_cpus;
  parts.memory = limit_memory(request, settings, on_gpus);
  parts.spec.group_folder = parts.memory.group_folder;
  if (parts.memory.means == MemoryLimit::Means::address_space) parts.spec.address_space = parts.memory.bytes;
  return parts;
}

}  // namespace

ModelFolders model_folders(const LocalHostSettings& settings) {
  return {settings.model_base_path, hugging_face_home(settings), settings.network.offline};
}

std::string hugging_face_home(const LocalHostSettings& settings) {
  if (!settings.hf_home.empty()) return settings.hf_home;
  const auto variable = [&](const char* name) {
    const auto at = settings.environment.find(name);
    return at == settings.environment.end() ? std::string() : at->second;
  };
  if (!variable("HF_HOME").empty()) return variable("HF_HOME");
  return variable("HOME") + "/.cache/huggingface";
}

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
    tuning::FailedStart failed;
    const auto fail = [&failed](Failure failure) {
      static_cast<Failure&>(failed) = std::move(failure);
      return tl::unexpected(std::move(failed));
    };
    if (stop.stop_requested())
      return fail({FailureCode::cancelled, FailureClass::cancelled, "Cancelled by user", false});
    auto parts = prepare(request, settings_, ports_, gpus_);
    if (!parts) return fail(std::move(parts.error()));
    failed.command = parts->spec.command;
    failed.memory_limit_gib = parts->memory.gib();
    const auto port = parts->port.port();
    tell("deploy", fmt::format("{} on port {}",
                               std::filesystem::path(parts->spec.command.front()).filename().string(), port));
    auto engine = LocalEngine::launch(std::move(*parts), pool_);
    if (!engine) return fail(std::move(engine.error()));
    tell("ready", "waiting until it answers");
    const auto ready_by = request.ready_by == base::SteadyTime{}
                              ? std::chrono::steady_clock::now() + usual_ready_limit
                              : request.ready_by;
    const auto ready_progress = [&](std::string detail) { tell("ready", std::move(detail)); };
    if (auto failure = (*engine)->get_ready(ready_by, request.longest_context, stop, ready_progress)) {
      failed.url = (*engine)->url();
      failed.engine_version = (*engine)->facts().version;
      failed.log_tail = (*engine)->log_tail(tuning::kept_log_lines);
      return fail(std::move(*failure));
    }
    return std::move(*engine);
  };
  co_return co_await base::run_blocking(pool_, work);
}

base::Awaitable<base::Result<void>> LocalHost::check(const tuning::EngineRequest& request) {
  auto work = [this, &request] {
    return check_prerequisites(request, program_settings(settings_), model_folders(settings_));
  };
  co_return co_await base::run_blocking(pool_, work);
}

base::Awaitable<base::Result<void>> LocalHost::fetch(const tuning::EngineRequest& request,
                                                     std::stop_token stop,
                                                     std::function<void(std::string)> progress) {
  const auto& id = request.model.id_or_path;
  if (!needs_download(request.runtime, id, model_folders(settings_)) || uses_another_hub(settings_))
    co_return base::Result<void>{};
  const auto& network = settings_.network;
  const ModelHub hub{settings_.hub_endpoint,
                     request.model.hf_token.empty() ? network.hf_token : request.model.hf_token,
                     {network.http_proxy, network.https_proxy, network.no_proxy}};
  auto work = [&] {
    return download_model(hub, request.runtime, id, model_folders(settings_), stop, progress);
  };
  co_return co_await base::run_blocking(pool_, work);
}

base::Awaitable<base::Json> LocalHost::model_config(const tuning::EngineRequest& request) {
  auto work = [this, &request] {
    return read_model_config(request.runtime, request.model.id_or_path, model_folders(settings_));
  };
  co_return co_await base::run_blocking(pool_, work);
}

}  // namespace autotuner::hosts
