#include "app/host_settings.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"

namespace autotuner::app {
namespace {

using cli::Settings;

std::string variable(const Settings& settings, const std::string& name) {
  const auto found = settings.environment.find(name);
  return found == settings.environment.end() ? std::string() : found->second;
}

std::string configured(const Settings& settings, const std::string& name) {
  const auto found = settings.config.find(name);
  return found == settings.config.end() ? std::string() : found->second;
}

/// As the hub's own tools read a switch.
bool is_on(const std::string& text) {
  const auto word = base::to_lower(text);
  return word == "1" || word == "true" || word == "yes" || word == "on";
}

/// ENGINE_MEMORY_GIB, or engine_memory_gib of the configuration file: what each engine may take of the
/// memory.
std::optional<std::uint64_t> engine_memory(const Settings& settings) {
  const auto text = setting_of(settings, "engine_memory_gib");
  if (text.empty()) return std::nullopt;
  const auto gib = base::to_number(text);
  if (gib && *gib > 0 && *gib < 1e6) return static_cast<std::uint64_t>(*gib * 1024 * 1024 * 1024);
  fmt::print(stderr,
             "warning: the memory limit of engines is '{}' and is ignored; must be a number of GiB above 0\n",
             text);
  return std::nullopt;
}

/// Where ports are reserved: one place for all runs of a user, whatever their DATA_DIR, because ports are the
/// machine's.
std::string port_lock_folder(const Settings& settings) {
  std::error_code error;
  const auto runtime = fmt::format("/run/user/{}", getuid());
  if (std::filesystem::is_directory(runtime, error)) return runtime + "/autotuner";
  const auto shared = fmt::format("/tmp/autotuner-{}", getuid());
  mkdir(shared.c_str(), 0700);
  struct stat found{};
  // Anybody may make a folder of this name in /tmp; only our own is used.
  const bool ours = lstat(shared.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == getuid();
  return ours ? shared : settings.data_folder + "/run";
}

/// The port of our own server is none for engines.
std::set<int> own_ports(const Settings& settings) {
  const auto port = base::to_number(setting_of(settings, "server_port"));
  if (!port || !(*port >= 1 && *port <= 65535)) return {8000};
  return {static_cast<int>(*port)};
}

}  // namespace

std::string setting_of(const Settings& settings, const std::string& name) {
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto found = variable(settings, upper);
  return found.empty() ? configured(settings, name) : found;
}

net::Proxies proxies_of(const Settings& settings) {
  // Tools read both cases; where only the lower one is set, it counts.
  const auto either = [&settings](const std::string& name) {
    const auto found = setting_of(settings, name);
    return found.empty() ? variable(settings, name) : found;
  };
  net::Proxies proxies{either("http_proxy"), either("https_proxy"), either("no_proxy")};
  for (const char* here : {"localhost", "127.0.0.1"}) {
    if (!proxies.no_proxy.contains(here))
      proxies.no_proxy += (proxies.no_proxy.empty() ? "" : ",") + std::string(here);
  }
  return proxies;
}

hosts::CpuSplit cpu_split_of(const Settings& settings) {
  return hosts::split_cpus(
      hosts::CpuWish{setting_of(settings, "engine_cpus"), setting_of(settings, "client_cpus")});
}

hosts::LocalHostSettings local_host_settings(const Settings& settings) {
  hosts::LocalHostSettings host;
  host.run_folder = port_lock_folder(settings);
  host.log_folder = settings.data_folder + "/logs";
  host.environment = settings.environment;
  host.environment["PATH"] = settings.path;
  host.own_executable = settings.own_executable;
  host.model_base_path = settings.model_base_path;
  host.hf_home = setting_of(settings, "hf_home");
  host.memory_limit = engine_memory(settings);
  const auto proxies = proxies_of(settings);
  host.network.http_proxy = proxies.http;
  host.network.https_proxy = proxies.https;
  host.network.no_proxy = proxies.no_proxy;
  host.network.hf_token = settings.hf_token;
  host.network.offline =
      is_on(variable(settings, "HF_HUB_OFFLINE")) || is_on(variable(settings, "TRANSFORMERS_OFFLINE"));
  if (const auto hub = setting_of(settings, "hf_endpoint"); !hub.empty())
    host.hub_endpoint = hub.ends_with("/") ? hub.substr(0, hub.size() - 1) : hub;
  host.excluded_ports = own_ports(settings);
  host.engine_cpus = cpu_split_of(settings).engine;
  host.programs = engine_programs(settings);
  return host;
}

std::map<std::string, hosts::RuntimeProgram, std::less<>> engine_programs(const Settings& settings) {
  std::map<std::string, hosts::RuntimeProgram, std::less<>> programs;
  for (const auto* runtime : {"sglang", "vllm", "tensorrt-llm", "llamacpp", "sim"}) {
    const hosts::RuntimeProgram program{configured(settings, fmt::format("runtimes.{}.binary", runtime)),
                                        configured(settings, fmt::format("runtimes.{}.python", runtime))};
    if (!program.binary.empty() || !program.python.empty()) programs[runtime] = program;
  }
  return programs;
}

}  // namespace autotuner::app
