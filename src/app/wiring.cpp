#include "app/wiring.hpp"

#include <filesystem>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/doctor_facts.hpp"
#include "app/run_sim.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/bench.hpp"
#include "cli/catalogues.hpp"
#include "cli/completion.hpp"
#include "cli/doctor.hpp"
#include "cli/gpus.hpp"
#include "cli/init.hpp"
#include "cli/optimize.hpp"
#include "cli/plan.hpp"
#include "cli/replay.hpp"
#include "cli/results.hpp"
#include "cli/tune.hpp"
#include "cli/validate.hpp"
#include "hosts/host_audit.hpp"
#include "hosts/local_host.hpp"
#include "simulator/options.hpp"
#include "store/sql_task_store.hpp"
#include "store/task_lock.hpp"
#include "traffic/native_load_runner.hpp"

namespace autotuner::app {
namespace {

namespace asio = boost::asio;
using cli::Settings;

std::string setting(const Settings& settings, const std::string& name) {
  const auto found = settings.config.find(name);
  return found == settings.config.end() ? std::string() : found->second;
}

/// ENGINE_MEMORY_GIB, or engine_memory_gib of the configuration file: what each engine may take of the
/// memory.
std::optional<std::uint64_t> engine_memory(const Settings& settings) {
  const auto variable = settings.environment.find("ENGINE_MEMORY_GIB");
  const auto text =
      variable != settings.environment.end() ? variable->second : setting(settings, "engine_memory_gib");
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

hosts::LocalHostSettings local_host_settings(const Settings& settings) {
  hosts::LocalHostSettings host;
  host.run_folder = port_lock_folder(settings);
  host.log_folder = settings.data_folder + "/logs";
  host.environment = settings.environment;
  host.environment["PATH"] = settings.path;
  host.own_executable = settings.own_executable;
  host.model_base_path = settings.model_base_path;
  host.memory_limit = engine_memory(settings);
  host.network.hf_token = settings.hf_token;
  for (const auto* runtime : {"sglang", "vllm", "tensorrt-llm", "llamacpp", "sim"}) {
    const hosts::RuntimeProgram program{setting(settings, fmt::format("runtimes.{}.binary", runtime)),
                                        setting(settings, fmt::format("runtimes.{}.python", runtime))};
    if (!program.binary.empty() || !program.python.empty()) host.programs[runtime] = program;
  }
  return host;
}

base::Result<std::unique_ptr<tuning::EngineHost>> make_host(const Settings& settings,
                                                            spec::DeploymentMode mode,
                                                            asio::thread_pool& pool) {
  if (mode != spec::DeploymentMode::local) {
    return base::fail(base::ErrorKind::unavailable,
                      "deployment mode {} is not available in this version; engines run as local processes: "
                      "use --mode local",
                      spec::to_text(mode));
  }
  return std::make_unique<hosts::LocalHost>(local_host_settings(settings), pool);
}

std::unique_ptr<tuning::LoadRunner> make_load(const Settings& settings, asio::thread_pool& pool) {
  traffic::NativeOptions options;
  options.dataset_cache = settings.data_folder + "/datasets";
  return std::make_unique<traffic::NativeLoadRunner>(pool, options);
}

base::Result<std::unique_ptr<store::SqlTaskStore>> open_store(const Settings& settings,
                                                              asio::thread_pool& pool) {
  return store::SqlTaskStore::open(settings.database_path, pool, base::make_stderr_logger(false));
}

/// Runs one coroutine of the store to its end on this thread.
template <class T>
base::Result<T> with_store(const Settings& settings,
                           const std::function<base::Awaitable<base::Result<T>>(tuning::TaskStore&)>& ask) {
  asio::thread_pool pool(1);
  auto opened = open_store(settings, pool);
  if (!opened) return tl::unexpected(opened.error());
  asio::io_context io(1);
  base::Result<T> result = base::fail(base::ErrorKind::internal, "the store did not answer");
  asio::co_spawn(io, ask(**opened), [&result](const std::exception_ptr& failed, base::Result<T> outcome) {
    if (!failed) result = std::move(outcome);
  });
  io.run();
  pool.join();
  return result;
}

cli::TuneParts tune_parts(const Settings& settings) {
  cli::TuneParts parts;
  parts.open_store =
      [&settings](asio::thread_pool& pool) -> base::Result<std::unique_ptr<tuning::TaskStore>> {
    auto opened = open_store(settings, pool);
    if (!opened) return tl::unexpected(opened.error());
    return std::unique_ptr<tuning::TaskStore>(std::move(*opened));
  };
  parts.make_host = [&settings](spec::DeploymentMode mode, asio::thread_pool& pool) {
    return make_host(settings, mode, pool);
  };
  parts.make_load = [&settings](asio::thread_pool& pool) { return make_load(settings, pool); };
  parts.lock_task = [&settings](const std::string& task) -> base::Result<std::shared_ptr<void>> {
    const base::SystemClock clock;
    auto lock = store::TaskLock::acquire(settings.data_folder + "/run", task, clock);
    if (!lock) return tl::unexpected(lock.error());
    // Shared only because the command line knows the lock's lifetime but not its type.
    return std::shared_ptr<void>(std::make_shared<store::TaskLock>(std::move(*lock)));
  };
  parts.audit_host = [&settings] {
    return hosts::audit_host({.root = "", .environment = settings.environment});
  };
  parts.detect_hardware = [&settings] { return hosts::detect_hardware(settings.environment); };
  return parts;
}

cli::ResultsParts results_parts(const Settings& settings) {
  cli::ResultsParts parts;
  parts.find = [&settings](const std::string& task) {
    return with_store<tuning::Run>(settings, [task](tuning::TaskStore& store) {
      return task.empty() ? store.latest() : store.find(task);
    });
  };
  parts.list = [&settings] {
    return with_store<std::vector<tuning::TaskHead>>(settings,
                                                     [](tuning::TaskStore& store) { return store.list(); });
  };
  return parts;
}

/// `sim` reads its own table of flags, so the tree of commands does not hold them.
cli::ExtraWords simulator_words() {
  cli::ExtraWords words;
  for (const auto& flag : simulator::all_flags()) {
    const bool takes_value = !std::holds_alternative<bool simulator::Options::*>(flag.member);
    words["sim"].push_back({"--" + std::string(flag.name), std::string(flag.help), takes_value});
  }
  return words;
}

}  // namespace

std::vector<cli::AddCommand> commands(const Settings& settings) {
  const auto hardware = [&settings] { return hosts::detect_hardware(settings.environment); };
  return {
      [&](CLI::App& app, int& code) { cli::add_tune(app, settings, tune_parts(settings), code); },
      [&, hardware](CLI::App& app, int& code) { cli::add_plan(app, settings, hardware, code); },
      [&, hardware](CLI::App& app, int& code) { cli::add_validate(app, hardware, code); },
      [&, hardware](CLI::App& app, int& code) { cli::add_init(app, hardware, code); },
      [&](CLI::App& app, int& code) {
        cli::add_bench(app, settings,
                       {[&settings](asio::thread_pool& pool) { return make_load(settings, pool); }}, code);
      },
      [&](CLI::App& app, int& code) { cli::add_results(app, settings, results_parts(settings), code); },
      [&](CLI::App& app, int& code) { cli::add_optimize(app, code); },
      [&](CLI::App& app, int& code) { cli::add_replay(app, code); },
      [&](CLI::App& app, int& code) { cli::add_sim(app, run_sim, code); },
      [&](CLI::App& app, int& code) { cli::add_catalogues(app, code); },
      [&](CLI::App& app, int& code) {
        cli::add_doctor(app, settings, doctor_parts(settings, local_host_settings(settings)), code);
      },
      [&, hardware](CLI::App& app, int& code) {
        cli::add_gpus(app, {[&settings] { return hosts::list_gpus(settings.environment); }, hardware}, code);
      },
      [&](CLI::App& app, int& code) { cli::add_completion(app, simulator_words, code); },
      [&](CLI::App& app, int& code) { cli::add_version(app, settings, code); },
  };
}

}  // namespace autotuner::app
