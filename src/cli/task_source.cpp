#include "cli/task_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"

namespace autotuner::cli {
namespace {

/// "--ttft p90:1s" or "--ttft 0.5s" (mean) as a limit.
base::Result<metrics::Limit> limit_of(const std::string& name, const std::string& option,
                                      const std::string& text) {
  metrics::Limit limit;
  limit.name = name;
  std::string duration = text;
  if (const auto colon = text.find(':'); colon != std::string::npos) {
    limit.stat = text.substr(0, colon);
    duration = text.substr(colon + 1);
    static constexpr std::string_view stats[] = {"mean", "p50", "p90", "p95", "p99"};
    if (std::ranges::find(stats, limit.stat) == std::end(stats)) {
      return base::invalid_input("{} {}: the statistic is '{}'; allowed are mean, p50, p90, p95, p99", option,
                                 text, limit.stat);
    }
  }
  const auto threshold = spec::parse_duration(duration);
  if (!threshold) return base::invalid_input("{} {}: {}", option, text, threshold.error().message);
  limit.threshold = threshold->count();
  return limit;
}

}  // namespace

base::Result<std::string> read_file(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    return base::invalid_input("'{}' is a folder; a task file is expected", path);
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::fail(base::ErrorKind::not_found, "can't open '{}': {}", path, std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

base::Result<void> write_file(const std::string& path, const std::string& text) {
  return write_file(path, [&](const TextSink& write) { write(text); });
}

base::Result<void> write_file(const std::string& path, const std::function<void(const TextSink&)>& fill) {
  std::error_code code;
  const std::filesystem::path target(path);
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), code);
  const auto temporary = fmt::format("{}.{}.tmp", path, getpid());
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    fill([&](std::string_view text) { out << text; });
    out.flush();
    if (!out) {
      const auto reason = std::string(std::strerror(errno));
      std::filesystem::remove(temporary, code);
      return base::fail(base::ErrorKind::unavailable, "can't write '{}': {}", path, reason);
    }
  }
  std::filesystem::rename(temporary, target, code);
  if (code) return base::fail(base::ErrorKind::unavailable, "can't write '{}': {}", path, code.message());
  return {};
}

OrRefusal<spec::Task> load_task_text(const std::string& text, spec::Format format, const std::string& name,
                                     const spec::LoadOptions& options) {
  auto loaded = spec::load_task(text, format, options);
  for (const auto& problem : loaded.problems) fmt::print(stderr, "{}\n", spec::to_text(problem, name));
  if (loaded.task) return std::move(*loaded.task);
  const auto errors = std::ranges::count(loaded.problems, spec::Severity::error, &spec::Problem::severity);
  base::Error error{base::ErrorKind::invalid_input,
                    fmt::format("{}: {} problem{}", name, errors, errors == 1 ? "" : "s")};
  return tl::unexpected(Refusal(std::move(error), std::move(loaded.problems)));
}

OrRefusal<spec::Task> load_task_file(const std::string& path, const spec::LoadOptions& options) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(Refusal(text.error()));
  return load_task_text(*text, spec::format_of(path), path, options);
}

void WishOptions::add_to(CLI::App& command) {
  const auto group = "Without a task file";
  command.add_option("--engine", engine, "llamacpp, vllm, sglang or sim")->group(group);
  command.add_option("--model", model, "model file, folder or Hugging Face id")->group(group);
  command.add_option("--objective", objective, "what to optimise (maximize_throughput, minimize_ttft, ...)")
      ->group(group);
  command.add_option("--name", name, "task name; derived from engine and model when left out")->group(group);
  command.add_option("--ttft", ttft, "limit on the time to first token: 0.5s, 300ms, p90:1s")->group(group);
  command.add_option("--tpot", tpot, "limit on the time per output token: 50ms, p50:40ms")->group(group);
  command.add_option("--latency", latency, "limit on the end-to-end latency: p90:5s (p50, p90, p95, p99)")
      ->group(group);
  command.add_option("--scenario", scenarios, "traffic, e.g. 'D(512,128)' (repeatable)")->group(group);
  command.add_option("--concurrency", concurrency, "closed-loop levels, e.g. 1,4,8")
      ->delimiter(',')
      ->group(group);
  command.add_option("--budget", budget, "time for the whole tuning: 10m, 2h")->group(group);
  command.add_option("--max-iterations", max_iterations, "experiments at most, the defaults not counted")
      ->group(group);
  command.add_option("--seed", seed, "seed of strategy and traffic")->group(group);
}

base::Result<spec::Wish> wish_of(const WishOptions& options, const engine::Hardware& hardware) {
  spec::Wish wish;
  if (options.engine.empty())
    return base::invalid_input("--engine is missing: llamacpp, vllm, sglang or sim");
  if (options.model.empty())
    return base::invalid_input("--model is missing: a model file, a folder or a Hugging Face id");
  const auto runtime = engine::find_runtime(options.engine);
  if (!runtime) return base::invalid_input("--engine {}: {}", options.engine, runtime.error().message);
  wish.runtime = *runtime;
  wish.model = options.model;
  // A path is kept whole: the engine is started elsewhere.
  std::error_code code;
  if (std::filesystem::exists(wish.model, code))
    wish.model = std::filesystem::absolute(wish.model, code).string();
  wish.name = options.name;
  const auto objective = metrics::objective_from_text(options.objective);
  if (!objective) {
    std::string names;
    for (const auto known : metrics::objective_names())
      names += (names.empty() ? "" : ", ") + std::string(known);
    return base::invalid_input("--objective {}: allowed are {}", options.objective, names);
  }
  wish.objective = *objective;
  for (const auto& [name, option, text] :
       {std::tuple{"ttft", "--ttft", options.ttft}, std::tuple{"tpot", "--tpot", options.tpot}}) {
    if (text.empty()) continue;
    auto limit = limit_of(name, option, text);
    if (!limit) return tl::unexpected(limit.error());
    wish.limits.push_back(std::move(*limit));
  }
  if (!options.latency.empty()) {
    auto limit = limit_of("latency.p90", "--latency", options.latency);
    if (!limit) return tl::unexpected(limit.error());
    if (limit->stat == "mean") limit->stat = "p90";
    limit->name = "latency." + limit->stat;
    limit->stat = "mean";
    wish.limits.insert(wish.limits.begin(), std::move(*limit));
  }
  wish.scenarios = options.scenarios;
  wish.concurrency = options.concurrency;
  wish.max_iterations = options.max_iterations;
  wish.seed = options.seed;
  wish.hardware = hardware;
  if (!options.budget.empty()) {
    const auto budget = spec::parse_duration(options.budget);
    if (!budget) return base::invalid_input("--budget {}: {}", options.budget, budget.error().message);
    wish.budget = *budget;
  }
  return wish;
}

}  // namespace autotuner::cli
