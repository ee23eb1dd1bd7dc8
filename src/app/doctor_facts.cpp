#include "app/doctor_facts.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>
#include <sys/un.h>

#include "app/host_settings.hpp"
#include "app/kernel_source.hpp"
#include "base/text.hpp"
#include "hosts/capture.hpp"
#include "hosts/host_audit.hpp"

namespace autotuner::app {
namespace {

namespace asio = boost::asio;
namespace filesystem = std::filesystem;

constexpr auto version_limit = std::chrono::seconds(5);
constexpr auto connect_limit = std::chrono::milliseconds(500);

std::string variable(const cli::Settings& settings, const std::string& name) {
  const auto found = settings.environment.find(name);
  return found == settings.environment.end() ? std::string() : found->second;
}

std::string output_of(std::vector<std::string> command, const hosts::LocalHostSettings& host) {
  const auto captured = hosts::capture(std::move(command), host.environment, version_limit);
  return captured && captured->status == engine::ExitStatus{0, 0} ? captured->output : std::string();
}

/// "version: 4321 (abcdef)" of llama-server; its other lines tell of the build.
std::string llama_version(const std::string& program, const hosts::LocalHostSettings& host) {
  for (const auto& line : base::split(output_of({program, "--version"}, host), '\n')) {
    if (line.starts_with("version:")) return std::string(base::trim(line.substr(8)));
  }
  return "";
}

/// From the package's metadata: `vllm --version` imports the whole engine, which takes half a minute.
std::string package_version(const std::string& program, std::string_view package,
                            const hosts::LocalHostSettings& host) {
  const filesystem::path path(program);
  auto python = program;
  if (!path.filename().string().starts_with("python")) python = (path.parent_path() / "python3").string();
  if (hosts::find_executable(python, "").empty()) return "";
  const auto script = fmt::format("import importlib.metadata as m; print(m.version('{}'))", package);
  return std::string(base::trim(output_of({python, "-c", script}, host)));
}

std::string version_of(engine::RuntimeId runtime, const std::string& program, const cli::Settings& settings,
                       const hosts::LocalHostSettings& host) {
  switch (runtime) {
    case engine::RuntimeId::llamacpp:
      return llama_version(program, host);
    case engine::RuntimeId::vllm:
      return package_version(program, "vllm", host);
    case engine::RuntimeId::sglang:
      return package_version(program, "sglang", host);
    case engine::RuntimeId::tensorrt_llm:
      return package_version(program, "tensorrt_llm", host);
    case engine::RuntimeId::sim:
      return settings.version;
  }
  return "";
}

std::vector<cli::EngineFound> find_engines(const cli::Settings& settings,
                                           const hosts::LocalHostSettings& host) {
  std::vector<cli::EngineFound> engines;
  const hosts::ProgramSettings programs{host.programs, host.environment, host.own_executable};
  for (const auto& runtime : engine::all_runtimes()) {
    cli::EngineFound found;
    found.key = runtime.key;
    found.title = runtime.title;
    found.simulated = runtime.simulated;
    if (const auto program = hosts::find_program(runtime.id, programs)) {
      found.command = *program;
      found.version = version_of(runtime.id, program->front(), settings, host);
    } else {
      found.problem = program.error().message;
    }
    engines.push_back(std::move(found));
  }
  // Real engines first, in the order of the table.
  std::ranges::stable_partition(engines, [](const auto& found) { return !found.simulated; });
  return engines;
}

cli::ModelsFound find_models(const hosts::LocalHostSettings& host) {
  cli::ModelsFound models;
  std::error_code code;
  models.base_path = host.model_base_path;
  models.base_exists = filesystem::is_directory(models.base_path, code);
  for (filesystem::directory_iterator entry(models.base_path, code), end; !code && entry != end;
       entry.increment(code)) {
    if (entry->is_directory(code) || entry->path().extension() == ".gguf") ++models.base_entries;
  }
  models.cache_path = hosts::hugging_face_home(host);
  const std::string prefix = "models--";
  code.clear();
  for (filesystem::directory_iterator entry(models.cache_path + "/hub", code), end; !code && entry != end;
       entry.increment(code)) {
    const auto name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const bool complete = hosts::is_complete_cache_entry(entry->path().string());
    (complete ? models.cached : models.incomplete)
        .push_back(base::replace_all(name.substr(prefix.size()), "--", "/"));
  }
  std::ranges::sort(models.cached);
  std::ranges::sort(models.incomplete);
  return models;
}

template <class Protocol>
std::string connect_problem(const typename Protocol::endpoint& endpoint) {
  asio::io_context io(1);
  typename Protocol::socket socket(io);
  std::string problem = fmt::format("no answer within {} ms", connect_limit.count());
  socket.async_connect(
      endpoint, [&problem](const boost::system::error_code& code) { problem = code ? code.message() : ""; });
  io.run_for(connect_limit);
  return problem;
}

cli::ServiceFound find_docker(const cli::Settings& settings) {
  cli::ServiceFound docker;
  docker.name = "docker";
  const std::string scheme = "unix://";
  const auto named = variable(settings, "DOCKER_HOST");
  docker.place = named.empty() ? "/var/run/docker.sock" : named;
  if (!named.empty() && !named.starts_with(scheme)) {
    docker.problem = "DOCKER_HOST names no local socket; not tried";
    return docker;
  }
  if (!named.empty()) docker.place = named.substr(scheme.size());
  if (docker.place.size() >= sizeof(sockaddr_un::sun_path)) {
    docker.problem = "the path is too long for a socket";
    return docker;
  }
  docker.problem =
      connect_problem<asio::local::stream_protocol>(asio::local::stream_protocol::endpoint(docker.place));
  docker.present = docker.problem.empty();
  return docker;
}

cli::ServiceFound find_redis(const cli::Settings& settings) {
  cli::ServiceFound redis;
  redis.name = "redis";
  const auto host = variable(settings, "REDIS_HOST");
  if (host.empty()) return redis;
  const auto port =
      variable(settings, "REDIS_PORT").empty() ? std::string("6379") : variable(settings, "REDIS_PORT");
  redis.place = host + ":" + port;
  asio::io_context io(1);
  asio::ip::tcp::resolver resolver(io);
  boost::system::error_code code;
  const auto addresses = resolver.resolve(host, port, code);
  if (code) redis.problem = code.message();
  for (const auto& address : addresses) {
    redis.problem = connect_problem<asio::ip::tcp>(address.endpoint());
    redis.present = redis.problem.empty();
    if (redis.present) break;
  }
  return redis;
}

cli::ServiceFound find_kubernetes(const cli::Settings& settings) {
  cli::ServiceFound cluster;
  cluster.name = "kubernetes";
  std::error_code code;
  const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  if (!variable(settings, "KUBERNETES_SERVICE_HOST").empty() && filesystem::exists(account, code)) {
    cluster.place = "a cluster's service account";
    cluster.present = true;
    return cluster;
  }
  const auto named = variable(settings, "KUBECONFIG");
  const auto usual = variable(settings, "HOME") + "/.kube/config";
  if (named.empty() && !filesystem::exists(usual, code)) return cluster;
  cluster.place = named.empty() ? usual : named.substr(0, named.find(':'));
  cluster.present = filesystem::exists(cluster.place, code);
  if (!cluster.present) cluster.problem = "no such file";
  return cluster;
}

cli::StorageFound find_storage(const cli::Settings& settings) {
  cli::StorageFound storage;
  storage.path = settings.data_folder;
  // The folder is made by the first task: what counts until then is the folder it will be made in.
  filesystem::path existing(storage.path);
  std::error_code code;
  while (!filesystem::exists(existing, code) && existing.has_relative_path())
    existing = existing.parent_path();
  if (existing.empty()) existing = ".";
  // Permission bits don't tell of read-only and special file systems: only a try does.
  auto probe = (existing / ".autotuner-XXXXXX").string();
  storage.writable = ::mkdtemp(probe.data()) != nullptr;
  if (storage.writable) {
    filesystem::remove(probe, code);
  } else {
    storage.problem = fmt::format("{} can't be written: {}", existing.string(), std::strerror(errno));
  }
  const auto space = filesystem::space(existing, code);
  if (!code) storage.free_bytes = space.available;
  return storage;
}

cli::PortsFound find_ports(const hosts::LocalHostSettings& host) {
  cli::PortsFound ports{host.first_port, host.last_port, 0};
  for (int port = host.first_port; port <= host.last_port; ++port)
    ports.free += hosts::is_port_free(port) ? 1 : 0;
  return ports;
}

}  // namespace

cli::DoctorParts doctor_parts(const cli::Settings& settings, const hosts::LocalHostSettings& host) {
  cli::DoctorParts parts;
  parts.engines = [&settings, host] { return find_engines(settings, host); };
  parts.models = [host] { return find_models(host); };
  parts.gpus = [&settings] { return hosts::list_gpus(settings.environment); };
  parts.hardware = [&settings, host] {
    return hosts::detect_hardware(settings.environment, host.engine_cpus);
  };
  parts.kernel_tables = [&settings] { return describe_kernel_tables(settings); };
  parts.services = [&settings] {
    return std::vector{find_docker(settings), find_redis(settings), find_kubernetes(settings)};
  };
  parts.storage = [&settings] { return find_storage(settings); };
  parts.ports = [host] { return find_ports(host); };
  parts.audit = [&settings] {
    return hosts::audit_host(
        {.root = "", .environment = settings.environment, .cpus = cpu_split_of(settings)});
  };
  return parts;
}

}  // namespace autotuner::app
