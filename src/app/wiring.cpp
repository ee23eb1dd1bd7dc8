#include "app/wiring.hpp"

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "app/doctor_facts.hpp"
#include "app/host_settings.hpp"
#include "app/kernel_source.hpp"
#include "app/run_sim.hpp"
#include "base/log.hpp"
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
#include "hosts/log_archive.hpp"
#include "hosts/model_config.hpp"
#include "simulator/options.hpp"
#include "store/sql_task_store.hpp"
#include "store/task_lock.hpp"
#include "traffic/native_load_runner.hpp"
#include "tuning/earlier.hpp"

namespace autotuner::app {
namespace {

namespace asio = boost::asio;
using cli::Settings;

base::Result<std::unique_ptr<tuning::EngineHost>> make_host(const Settings& settings,
                                                            const cli::HostWish& wish,
                                                            asio::thread_pool& pool) {
  const auto mode = wish.mode;
  if (mode != spec::DeploymentMode::local) {
    return base::fail(base::ErrorKind::unavailable,
                      "deployment mode {} is not available in this version; engines run as local processes: "
                      "use --mode local",
                      spec::to_text(mode));
  }
  auto host = local_host_settings(settings);
  if (!wish.model_path.empty()) host.model_base_path = wish.model_path;
  return std::make_unique<hosts::LocalHost>(std::move(host), pool);
}

/// `cpus`: where the sender threads run; empty = wherever we may.
std::unique_ptr<tuning::LoadRunner> make_load(const Settings& settings, std::vector<int> cpus,
                                              asio::thread_pool& pool) {
  traffic::NativeOptions options;
  options.dataset_cache = settings.data_folder + "/datasets";
  options.proxies = proxies_of(settings);
  options.cpus = std::move(cpus);
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

engine::Hardware detect_hardware(const Settings& settings) {
  return hosts::detect_hardware(settings.environment, cpu_split_of(settings).engine);
}

cli::TuneParts tune_parts(const Settings& settings) {
  cli::TuneParts parts;
  parts.open_store =
      [&settings](asio::thread_pool& pool) -> base::Result<std::unique_ptr<tuning::TaskStore>> {
    auto opened = open_store(settings, pool);
    if (!opened) return tl::unexpected(opened.error());
    return std::unique_ptr<tuning::TaskStore>(std::move(*opened));
  };
  parts.make_host = [&settings](const cli::HostWish& wish, asio::thread_pool& pool) {
    return make_host(settings, wish, pool);
  };
  parts.make_load = [&settings](asio::thread_pool& pool) {
    return make_load(settings, cpu_split_of(settings).client, pool);
  };
  parts.lock_task = [&settings](const std::string& task) -> base::Result<std::shared_ptr<void>> {
    const base::SystemClock clock;
    auto lock = store::TaskLock::acquire(settings.data_folder + "/run", task, clock);
    if (!lock) return tl::unexpected(lock.error());
    // Shared only because the command line knows the lock's lifetime but not its type.
    return std::shared_ptr<void>(std::make_shared<store::TaskLock>(std::move(*lock)));
  };
  parts.compress_log = hosts::compress_log;
  parts.audit_host = [&settings] {
    return hosts::audit_host(
        {.root = "", .environment = settings.environment, .cpus = cpu_split_of(settings)});
  };
  parts.detect_hardware = [&settings] { return detect_hardware(settings); };
  parts.kernels = kernel_source(settings);
  return parts;
}

cli::ResultsParts results_parts(const Settings& settings) {
  cli::ResultsParts parts;
  parts.find = [&settings](const std::string& task) {
    return with_store<tuning::Run>(settings, [task](tuning::TaskStore& store) {
      return task.empty() ? store.latest() : store.find(task);
    });
  };
  parts.read_log = hosts::read_log;
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
  const auto hardware = [&settings] { return detect_hardware(settings); };
  return {
      [&](CLI::App& app, int& code) { cli::add_tune(app, settings, tune_parts(settings), code); },
      [&, hardware](CLI::App& app, int& code) {
        const auto model_config = [&settings](const spec::Task& task) {
          return hosts::read_model_config(task.runtime, task.model.id_or_path,
                                          hosts::model_folders(local_host_settings(settings)));
        };
        const auto finished_runs = [&settings](engine::RuntimeId runtime) {
          return with_store<std::vector<tuning::Run>>(settings, [runtime](tuning::TaskStore& store) {
            return store.finished(runtime, tuning::most_looked_at);
          });
        };
        cli::add_plan(app, settings, {hardware, model_config, finished_runs, kernel_source(settings)}, code);
      },
      [&, hardware](CLI::App& app, int& code) { cli::add_validate(app, hardware, code); },
      [&, hardware](CLI::App& app, int& code) { cli::add_init(app, hardware, code); },
      [&](CLI::App& app, int& code) {
        cli::add_bench(app, settings,
                       {[&settings](asio::thread_pool& pool) { return make_load(settings, {}, pool); }},
                       code);
      },
      [&](CLI::App& app, int& code) { cli::add_results(app, settings, results_parts(settings), code); },
      [&](CLI::App& app, int& code) { cli::add_optimize(app, code); },
      [&](CLI::App& app, int& code) { cli::add_replay(app, kernel_reader(), code); },
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
