#include "cli/tune.hpp"

#include <csignal>
#include <filesystem>
#include <optional>
#include <stop_token>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/heap.hpp"
#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/progress.hpp"
#include "cli/refusal.hpp"
#include "cli/run_files.hpp"
#include "cli/task_source.hpp"
#include "cli/wizard.hpp"
#include "report/answer.hpp"
#include "report/failure_text.hpp"
#include "report/launch.hpp"
#include "report/summary.hpp"
#include "report/terminal.hpp"
#include "tuning/loop.hpp"
#include "tuning/task_log.hpp"

namespace autotuner::cli {
namespace {

struct TuneOptions {
  std::string file, mode, kubeconfig, model_path, out = "./results";
  WishOptions wish;
  std::optional<int> race;
  bool no_baseline = false, no_race = false, cold = false, warm = false, fixed = false, resume = false,
       strict = false, direct = false, verbose = false, json = false, fail_on_slo = false, no_files = false;
};

/// The task from the file, from the options, or from questions on a terminal.
OrRefusal<spec::Task> task_of(const TuneOptions& options, const Settings& settings,
                              const engine::Hardware& hardware) {
  const spec::LoadOptions load{options.strict, hardware.gpus};
  if (!options.file.empty()) {
    if (options.wish.given()) {
      return base::invalid_input("a task file and --engine/--model exclude each other; got '{}' and {}",
                                 options.file, options.wish.engine.empty() ? "--model" : "--engine");
    }
    return load_task_file(options.file, load);
  }
  if (!options.wish.given()) {
    if (!settings.stdin_is_terminal || !settings.stderr_is_terminal) {
      return base::invalid_input(
          "what should be tuned? Give a task file, or --engine and --model (on a terminal, `autotuner tune` "
          "alone asks)");
    }
    const auto path = ask_for_task(hardware);
    if (!path) return tl::unexpected(Refusal(path.error()));
    return load_task_file(*path, load);
  }
  const auto wish = wish_of(options.wish, hardware);
  const auto yaml =
      wish ? spec::compose_yaml(*wish) : base::Result<std::string>(tl::unexpected(wish.error()));
  if (!yaml) return tl::unexpected(Refusal(yaml.error()));
  return load_task_text(*yaml, spec::Format::yaml, "(composed task)", load);
}

base::Result<spec::DeploymentMode> mode_of(const TuneOptions& options, const Settings& settings,
                                           const spec::Task& task) {
  const auto text = !options.mode.empty()               ? options.mode
                    : task.deployment_mode              ? std::string(spec::to_text(*task.deployment_mode))
                    : !settings.deployment_mode.empty() ? settings.deployment_mode
                                                        : std::string("docker");
  for (const auto mode :
       {spec::DeploymentMode::docker, spec::DeploymentMode::local, spec::DeploymentMode::ome}) {
    if (text == spec::to_text(mode)) return mode;
  }
  return base::invalid_input("deployment mode is '{}'; allowed are docker, local, ome", text);
}

void print_answer(const tuning::Run& run, const report::Answer& answer, const Settings& settings,
                  const RunFiles& files) {
  const report::TextStyle talk{settings.stderr_is_terminal && settings.colour, settings.columns};
  fmt::print(stderr, "\n{}\n", report::trials_table(run, answer, talk));
  const report::TextStyle data{settings.stdout_is_terminal && settings.colour, settings.columns};
  fmt::print("{}", report::verdict_text(run, answer, data));
  if (answer.best)
    fmt::print("{}", report::launch_text(run, answer.best->number, report::LaunchFormat::shell));
  if (!answer.best && !answer.failures.empty())
    fmt::print("{}", report::failure_text(run, answer.failures.front()));
  fmt::print("{}", report::alternatives_text(answer));
  for (const auto& [what, path] : files.written) fmt::print("{}: {}\n", what, path);
  std::fflush(stdout);
}

class Tuning {
 public:
  Tuning(const TuneOptions& options, const Settings& settings, const TuneParts& parts, spec::Task task,
         spec::DeploymentMode mode, engine::Hardware hardware)
      : options_(options),
        settings_(settings),
        parts_(parts),
        task_(std::move(task)),
        mode_(mode),
        hardware_(std::move(hardware)) {}

  int run();

 private:
  tuning::LoopOptions loop_options() const;
  void watch_signals(boost::asio::signal_set& signals, std::stop_source& finish, Progress& progress);

  const TuneOptions& options_;
  const Settings& settings_;
  const TuneParts& parts_;
  spec::Task task_;
  spec::DeploymentMode mode_;
  engine::Hardware hardware_;
};

tuning::LoopOptions Tuning::loop_options() const {
  tuning::LoopOptions loop;
  loop.baseline = options_.no_baseline ? false : task_.running.baseline.value_or(!task_.reference_compat);
  loop.resume = options_.resume;
  loop.results_folder = options_.no_files ? std::string() : options_.out;
  loop.log_folder = settings_.data_folder + "/logs";
  loop.mode = mode_;
  loop.host_gpus = hardware_.gpus;
  loop.gpu = {hardware_.gpu_name, hardware_.gpu_memory_gib};
  loop.kernels = parts_.kernels;
  loop.host = parts_.audit_host();
  return loop;
}

/// First signal: finish cleanly and report what is known. Second: stop now, leaving no process behind.
void Tuning::watch_signals(boost::asio::signal_set& signals, std::stop_source& finish, Progress& progress) {
  signals.async_wait(
      [this, &signals, &finish, &progress](const boost::system::error_code& error, int /*signal*/) {
        if (error) return;
        // Each engine has a keeper that kills its whole tree when this process is gone.
        if (finish.stop_requested()) _exit(interrupted);
        progress.say(
            "Stopping: the running trial ends, then what is known is reported. Ctrl-C again stops at once.");
        finish.request_stop();
        watch_signals(signals, finish, progress);
      });
}

int Tuning::run() {
  const auto fail = [this](const base::Error& error) {
    return static_cast<int>(refuse(error, options_.json));
  };
  const auto lock = parts_.lock_task(task_.name);
  if (!lock) return fail(lock.error());

  base::keep_heaps_small();
  const base::SystemClock clock;
  boost::asio::thread_pool pool(static_cast<std::size_t>(3 + task_.running.max_parallel_experiments * 2));
  auto store = parts_.open_store(pool);
  if (!store) return fail(store.error());
  auto host = parts_.make_host({mode_, options_.model_path}, pool);
  if (!host) return fail(host.error());
  const auto load = parts_.make_load(pool);

  Progress progress(stderr,
                    {settings_.stderr_is_terminal && !options_.verbose,
                     settings_.stderr_is_terminal && settings_.colour, settings_.columns},
                    clock);
  tuning::TaskLog log(settings_.data_folder + "/logs", clock);
  tuning::TuningLoop loop(**store, **host, *load, clock, [&progress, &log](const tuning::Event& event) {
    progress.show(event);
    if (const auto written = log.write(event); !written)
      progress.show(tuning::Notice{true, written.error().message});
    if (std::holds_alternative<tuning::ExperimentFinished>(event)) base::return_free_memory();
  });

  boost::asio::io_context io(1);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  std::stop_source finish;
  watch_signals(signals, finish, progress);

  std::optional<base::Result<tuning::Run>> result;
  boost::asio::co_spawn(io, loop.run(task_, loop_options(), finish.get_token()),
                        [&](const std::exception_ptr& failed, base::Result<tuning::Run> outcome) {
                          if (failed) {
                            try {
                              std::rethrow_exception(failed);
                            } catch (const std::exception& error) {
                              outcome = base::fail(base::ErrorKind::internal, "the tuning loop failed: {}",
                                                   error.what());
                            }
                          }
                          result = std::move(outcome);
                          signals.cancel();
                        });
  io.run();
  pool.join();
  if (!*result) return fail(result->error());

  const auto& run = **result;
  for (const auto& experiment : run.experiments) {
    if (experiment.log_path.empty() || experiment.same_as) continue;
    if (const auto done = parts_.compress_log(experiment.log_path); !done)
      fmt::print(stderr, "warning: {}\n", done.error().message);
  }
  const auto answer = report::answer(run);
  RunFiles files;
  if (!options_.no_files) files = write_run_files(run, answer, options_.out);
  for (const auto& problem : files.problems) fmt::print(stderr, "warning: {}\n", problem);
  if (options_.json) {
    report::write_summary(run, answer, [](std::string_view text) { fmt::print("{}", text); });
  } else {
    print_answer(run, answer, settings_, files);
  }
  return exit_code_of(run, options_.fail_on_slo);
}

/// Warm start, short look and race: options win over the file.
base::Result<void> ask_for_more(const TuneOptions& options, spec::Task& task) {
  if (options.warm || options.cold) {
    if (auto asked = spec::set_warm_start(task, options.warm); !asked) return asked;
  }
  if (options.fixed) {
    if (auto asked = spec::measure_whole(task); !asked) return asked;
  }
  if (options.no_race) return spec::set_race(task, std::nullopt);
  if (!options.race) return {};
  auto race = task.running.race.value_or(spec::RaceWish{});
  race.rounds = *options.race;
  return spec::set_race(task, race);
}

int tune(const TuneOptions& options, const Settings& settings, const TuneParts& parts) {
  const auto unusable = [&options](const Refusal& why) {
    refuse(why, options.json);
    return static_cast<int>(bad_usage);
  };
  const auto hardware = parts.detect_hardware();
  auto task = task_of(options, settings, hardware);
  if (!task) return unusable(task.error());
  if (const auto asked = ask_for_more(options, *task); !asked) return unusable(asked.error());
  // A task made from options runs where it was typed.
  if (options.file.empty() && !task->deployment_mode) task->deployment_mode = spec::DeploymentMode::local;
  const auto mode = mode_of(options, settings, *task);
  if (!mode) return unusable(mode.error());
  if (const auto writable = options.no_files ? base::Result<void>{} : ensure_writable(options.out); !writable)
    return refuse(writable.error(), options.json);
  return Tuning(options, settings, parts, std::move(*task), *mode, hardware).run();
}

}  // namespace

void add_tune(CLI::App& app, const Settings& settings, TuneParts parts, int& exit_code) {
  auto* command = app.add_subcommand("tune", "find the best configuration of an engine");
  auto options = std::make_shared<TuneOptions>();
  command->add_option("FILE", options->file, "task file (JSON, or YAML by its suffix)");
  command->add_option("--mode", options->mode,
                      "where the engine runs: local, docker or ome (wins over the file)");
  command->add_option("--out", options->out, "folder for result files")->capture_default_str();
  command->add_flag("--resume", options->resume, "go on from what is stored of this task");
  command->add_flag("--no-baseline", options->no_baseline, "don't measure the engine's defaults first");
  command
      ->add_option("--race", options->race,
                   "rounds of the final race of the best against each other (wins over the file)")
      ->check(CLI::Range(1, 50));
  command->add_flag("--no-race", options->no_race, "no final race")->excludes("--race");
  command->add_flag("--warm-start", options->warm,
                    "begin with what similar tasks in the store measured (wins over the file)");
  command->add_flag("--cold", options->cold, "begin from nothing that earlier tasks measured")
      ->excludes("--warm-start");
  command->add_flag("--fixed", options->fixed,
                    "measure every level of every configuration to its end: no short look");
  command->add_flag("--strict", options->strict, "treat warnings about the task file as errors");
  command->add_flag("--fail-on-slo", options->fail_on_slo, "exit with 3 when soft limits are missed, too");
  command->add_flag("--json", options->json, "print the summary document alone on stdout");
  command->add_flag("--no-files", options->no_files, "write no result files");
  command->add_flag("-v,--verbose", options->verbose, "plain progress lines instead of a status line");
  command->add_option("--model-path", options->model_path,
                      "folder of models given by name (wins over DOCKER_MODEL_PATH)");
  command->add_option("--kubeconfig", options->kubeconfig, "accepted for old command lines; has no effect");
  command->add_flag("--direct", options->direct, "accepted for old command lines; has no effect");
  options->wish.add_to(*command);
  command->footer(
      "Examples:\n"
      "  autotuner tune task.yaml\n"
      "  autotuner tune --engine llamacpp --model model.gguf --ttft p90:1s --tpot 40ms --budget 10m\n"
      "  autotuner tune task.yaml --resume            # after Ctrl-C, a crash or a reboot\n"
      "  autotuner tune task.yaml --json > answer.json\n\n"
      "Exit codes: 0 done, 1 the work failed, 2 bad usage or input, 3 nothing meets the limits, 130 "
      "interrupted.");
  command->callback([options, &settings, parts = std::move(parts), &exit_code] {
    exit_code = tune(*options, settings, parts);
  });
}

}  // namespace autotuner::cli
