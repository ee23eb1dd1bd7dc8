#include "cli/bench.hpp"

#include <csignal>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/progress.hpp"
#include "cli/refusal.hpp"
#include "cli/task_source.hpp"
#include "metrics/registry.hpp"
#include "report/sentences.hpp"

namespace autotuner::cli {
namespace {

struct BenchOptions {
  std::string url, model, api = "chat", dataset, parameters, key_file, out, ttft, tpot, latency;
  std::vector<std::string> scenarios{"D(100,100)"};
  std::vector<int> concurrency{1};
  int max_requests = 50, warmup = 3, repeat = 1;
  double max_seconds = 600, timeout_seconds = 600;
  std::uint64_t seed = 42;
  bool keep_eos = false, json = false;
};

base::Result<void> add_scenarios(const BenchOptions& options, load::Workload& workload) {
  for (const auto& text : options.scenarios) {
    const auto scenario = load::Scenario::parse(text);
    if (!scenario) return base::invalid_input("--scenario {}: {}", text, scenario.error().message);
    workload.scenarios.push_back(*scenario);
  }
  for (const int level : options.concurrency) {
    if (level < 1) return base::invalid_input("--concurrency is {}; must be at least 1", level);
    workload.levels.push_back({level, std::nullopt});
  }
  return {};
}

base::Result<load::Workload> workload_of(const BenchOptions& options) {
  load::Workload workload;
  if (const auto added = add_scenarios(options, workload); !added) return tl::unexpected(added.error());
  if (options.max_requests < 1)
    return base::invalid_input("--max-requests is {}; must be at least 1", options.max_requests);
  if (options.max_seconds <= 0)
    return base::invalid_input("--max-seconds is {}; must be > 0", options.max_seconds);
  if (options.repeat < 1) return base::invalid_input("--repeat is {}; must be at least 1", options.repeat);
  if (options.api == "completions") {
    workload.api = load::Api::completions;
  } else if (options.api != "chat") {
    return base::invalid_input("--api is '{}'; allowed are chat, completions", options.api);
  }
  if (!options.parameters.empty()) {
    const auto parsed = base::parse_json(options.parameters);
    if (!parsed) return base::invalid_input("--params: {}", parsed.error().message);
    if (!parsed->is_object())
      return base::invalid_input("--params is '{}'; must be a JSON object", options.parameters);
    workload.additional_params = options.parameters;
  }
  workload.model_name = options.model;
  workload.dataset_url = options.dataset;
  workload.max_requests = options.max_requests;
  workload.max_time = base::Seconds(options.max_seconds);
  workload.request_timeout = base::Seconds(options.timeout_seconds);
  workload.warmup_requests = options.warmup;
  workload.repeat = options.repeat;
  workload.seed = options.seed;
  workload.ignore_eos = !options.keep_eos;
  return workload;
}

base::Result<metrics::Slo> limits_of(const BenchOptions& options) {
  WishOptions wish;
  wish.engine = "sim";
  wish.model = "any";
  wish.ttft = options.ttft;
  wish.tpot = options.tpot;
  wish.latency = options.latency;
  auto described = wish_of(wish, {});
  if (!described) return tl::unexpected(described.error());
  metrics::Slo slo;
  slo.limits = std::move(described->limits);
  return slo;
}

std::string cell(const metrics::Batch& batch, const char* metric) {
  const auto value = metrics::of_point(batch, 0).value(metric);
  return value ? metrics::to_readable(metric, *value) : "-";
}

/// A percentile below its sample floor is no figure to show people.
std::string percentile_cell(const metrics::Batch& batch, const char* metric, double q) {
  const auto floor = metrics::sample_floor(q);
  if (static_cast<std::size_t>(batch.num_completed_requests) < floor)
    return fmt::format("n/a (needs {})", floor);
  return cell(batch, metric);
}

void print_table(const tuning::LoadResult& result) {
  fmt::print("{:<22} {:>6} {:>5} {:>9} {:>14} {:>12} {:>12} {:>16} {:>12} {:>12}\n", "scenario", "level",
             "req", "errors", "output tok/s", "req/s", "TTFT mean", "TTFT P90", "TPOT mean", "E2E mean");
  for (const auto& batch : result.batches) {
    fmt::print("{:<22} {:>6} {:>5} {:>9} {:>14} {:>12} {:>12} {:>16} {:>12} {:>12}\n", batch.scenario,
               batch.num_concurrency, batch.num_requests, batch.num_error_requests,
               base::to_readable_number(batch.mean_output_throughput),
               base::to_readable_number(batch.requests_per_second), cell(batch, "mean_ttft"),
               percentile_cell(batch, "p90_ttft", 0.9), cell(batch, "mean_tpot"),
               cell(batch, "mean_e2e_latency"));
    if (batch.goodput)
      fmt::print("  goodput {} requests/s ({:.0f} % within the limits)\n",
                 base::to_readable_number(*batch.goodput), batch.goodput_ratio.value_or(0) * 100);
    for (const auto& finding : batch.audit.findings) {
      const char* word = finding.trust == metrics::Trust::invalid ? "INVALID"
                         : finding.trust == metrics::Trust::noisy ? "NOISY"
                                                                  : "note";
      fmt::print("  {}: {}\n", word, finding.text);
    }
  }
  for (const auto& failed : result.failed)
    fmt::print("{:<22} {:>6} failed: {}\n", failed.scenario, failed.level.concurrency, failed.reason);
}

base::Json to_json(const tuning::LoadResult& result) {
  base::Json batches = base::Json::array();
  for (const auto& batch : result.batches) batches.push_back(metrics::to_json(batch));
  base::Json failed = base::Json::array();
  for (const auto& batch : result.failed) {
    failed.push_back({{"scenario", batch.scenario},
                      {"num_concurrency", batch.level.concurrency},
                      {"reason", batch.reason}});
  }
  return {{"batches", batches},
          {"failed_batches", failed},
          {"partial", result.partial},
          {"client_warning", result.client_warning},
          {"error", result.failure ? base::Json(result.failure->message) : base::Json(nullptr)}};
}

int code_of_result(const tuning::LoadResult& result) {
  if (result.batches.empty()) return work_failed;
  const auto invalid = [](const metrics::Batch& batch) {
    return batch.audit.trust == metrics::Trust::invalid;
  };
  return std::ranges::any_of(result.batches, invalid) || !result.failed.empty() ? work_failed : success;
}

int bench(const BenchOptions& options, const Settings& settings, const BenchParts& parts) {
  const auto usage = [&options](const base::Error& error) {
    refuse(error, options.json);
    return static_cast<int>(bad_usage);
  };
  auto workload = workload_of(options);
  if (!workload) return usage(workload.error());
  auto slo = limits_of(options);
  if (!slo) return usage(slo.error());

  tuning::LoadRequest request;
  request.url = options.url;
  request.workload = std::move(*workload);
  request.slo = std::move(*slo);
  request.result_folder = options.out;
  request.task_name = "bench";
  request.prompt_stream = 0;
  const auto levels = load::longest_duration(request.workload) * 2;
  const base::SystemClock clock;
  request.deadline =
      clock.steady() + std::chrono::duration_cast<base::SteadyTime::duration>(levels + base::Seconds(600));
  if (const auto key = settings.environment.find("API_KEY"); key != settings.environment.end())
    request.api_key = key->second;
  if (!options.key_file.empty()) {
    const auto key = read_file(options.key_file);
    if (!key) return usage(key.error());
    request.api_key = std::string(base::trim(*key));
  }

  boost::asio::io_context io(1);
  boost::asio::thread_pool pool(2);
  std::stop_source stop;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    stop.request_stop();
    signals.async_wait([](const boost::system::error_code& again, int) {
      if (!again) _exit(interrupted);
    });
  });
  const bool live = settings.stderr_is_terminal;
  tuning::LoadWatcher watcher;
  watcher.phase = [live](const std::string& phase, const std::string& detail) {
    if (!live) fmt::print(stderr, "{} {}\n", phase, detail);
  };
  watcher.progress = [live](int finished, int planned, double rate, double seconds) {
    if (live)
      fmt::print(stderr, "\r\x1b[K{}/{} requests, {} output tokens/s, {:.0f} s", finished, planned,
                 base::to_readable_number(rate, 3), seconds);
  };
  watcher.level_finished = [live](const metrics::Batch& batch) {
    if (live) fmt::print(stderr, "\r\x1b[K{} done\n", metrics::to_text_of_point(batch));
  };
  const auto runner = parts.make_load(pool);
  tuning::LoadResult result;
  boost::asio::co_spawn(io, runner->run(request, nullptr, stop.get_token(), watcher),
                        [&](const std::exception_ptr& failed, tuning::LoadResult outcome) {
                          if (failed) {
                            outcome.failure =
                                engine::Failure{engine::FailureCode::internal, engine::FailureClass::other,
                                                "the load generator failed", false};
                          }
                          result = std::move(outcome);
                          signals.cancel();
                        });
  io.run();
  pool.join();

  if (options.json) {
    fmt::print("{}\n", base::to_pretty_text(to_json(result)));
  } else {
    print_table(result);
  }
  if (result.failure) fmt::print(stderr, "error: {}\n", result.failure->message);
  if (!result.client_warning.empty()) fmt::print(stderr, "warning: {}\n", result.client_warning);
  return stop.stop_requested() ? static_cast<int>(interrupted) : code_of_result(result);
}

}  // namespace

void add_bench(CLI::App& app, const Settings& settings, BenchParts parts, int& exit_code) {
  auto options = std::make_shared<BenchOptions>();
  auto* command = app.add_subcommand("bench", "send load to an OpenAI-compatible endpoint and measure");
  command->add_option("--url", options->url, "base URL without /v1, e.g. http://127.0.0.1:8080")->required();
  command->add_option("--model", options->model, "model name; read from the server when left out");
  command
      ->add_option("--scenario", options->scenarios,
                   "traffic: D(in,out), N(mi,si)/(mo,so), U(a,b)/(c,d), dataset (repeatable)")
      ->capture_default_str();
  command->add_option("--concurrency", options->concurrency, "closed-loop levels, e.g. 1,4,16")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--max-requests", options->max_requests, "requests a level")->capture_default_str();
  command->add_option("--max-seconds", options->max_seconds, "seconds a level")->capture_default_str();
  command->add_option("--request-timeout", options->timeout_seconds, "seconds a request")
      ->capture_default_str();
  command->add_option("--api", options->api, "chat or completions")->capture_default_str();
  command->add_option("--dataset", options->dataset,
                      "prompts: URL or path of CSV, JSONL or an archive of them");
  command->add_option("--params", options->parameters, "JSON object merged into every request body");
  command->add_option("--warmup", options->warmup, "warm-up requests")->capture_default_str();
  command->add_option("--repeat", options->repeat, "passes over the level list")->capture_default_str();
  command->add_option("--seed", options->seed, "seed of lengths and prompts")->capture_default_str();
  command->add_flag("--keep-eos", options->keep_eos, "let answers end early (no ignore_eos)");
  command->add_option("--ttft", options->ttft, "limit for goodput: 0.5s, p90:1s");
  command->add_option("--tpot", options->tpot, "limit for goodput: 50ms");
  command->add_option("--latency", options->latency, "limit for goodput: p90:5s");
  command->add_option("--api-key-file", options->key_file, "file with the API key (or set API_KEY)");
  command->add_option("--out", options->out, "folder for result files in genai-bench's layout");
  command->add_flag("--json", options->json, "results as JSON on stdout");
  command->footer(
      "Examples:\n  autotuner bench --url http://127.0.0.1:8080 --scenario 'D(512,128)' --concurrency "
      "1,4,16\n"
      "  autotuner bench --url http://127.0.0.1:8000 --ttft p90:1s --tpot 40ms --json > bench.json\n\n"
      "Exit codes: 0 valid, 1 failed or INVALID, 2 bad usage, 130 interrupted.");
  command->callback([options, &settings, parts = std::move(parts), &exit_code] {
    exit_code = bench(*options, settings, parts);
  });
}

}  // namespace autotuner::cli
