#include "metrics/registry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace autotuner::metrics {
namespace {

constexpr std::string_view duration = "duration";
constexpr std::string_view mean_over_batches = "mean over the measured levels";

/// The rows and the text that they point into.
class Registry {
 public:
  Registry() {
    add_latencies();
    add_throughputs();
    add_counts();
    add_hardware();
    add_times();
  }
  std::vector<MetricInfo> rows;

 private:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  void add_statistics(std::string_view of, std::string_view label,
                      const std::vector<std::string_view>& statistics, MetricInfo row,
                      std::string_view meaning) {
    static constexpr std::array<std::array<std::string_view, 3>, 7> words{{
        {"mean", "Mean", "mean"},
        {"min", "Lowest mean", "smallest mean of a level"},
        {"max", "Highest mean", "largest mean of a level"},
        {"p50", "P50", "median"},
        {"p90", "P90", "90th percentile"},
        {"p95", "P95", "95th percentile"},
        {"p99", "P99", "99th percentile"},
    }};
    for (const auto statistic : statistics) {
      const auto& word = *std::ranges::find(words, statistic, [](const auto& w) { return w[0]; });
      row.name = keep(fmt::format("{}_{}", statistic, of));
      row.label = keep(fmt::format("{} {}", word[1], label));
      row.help = statistic == "min" || statistic == "max"
                     ? keep(fmt::format("{}: {}", meaning, word[2]))
                     : keep(fmt::format("{}: {}, {}", meaning, word[2], mean_over_batches));
      rows.push_back(row);
    }
  }

  void add_latencies() {
    const MetricInfo seconds{.unit = "s", .display_unit = "s", .direction = Direction::lower};
    const MetricInfo milliseconds{
        .unit = "s", .display_unit = "ms", .factor = 1000, .direction = Direction::lower};
    const MetricInfo per_token{
        .unit = "s/token", .display_unit = "ms/token", .factor = 1000, .direction = Direction::lower};
    const std::vector<std::string_view> five{"mean", "p50", "p90", "p95", "p99"};
    add_statistics("e2e_latency", "E2E latency", {"mean", "min", "max", "p50", "p90", "p95", "p99"}, seconds,
                   "time from a request's intended start to the end of its answer");
    add_statistics("ttft", "TTFT", five, milliseconds,
                   "time from a request's intended start to its first token");
    add_statistics("tpot", "TPOT", five, per_token, "time per output token after the first");
    add_statistics("itl", "ITL", five, milliseconds, "time between tokens, each token counted");
    add_statistics("chunk_gap", "chunk gap", five, milliseconds,
                   "time between pieces of an answer as they arrive");
  }

  void add_throughputs() {
    struct Family {
      std::string_view name, label, help;
    };
    static constexpr std::array<Family, 5> families{{
        {"mean_output_throughput", "Output throughput",
         "output tokens per second, mean over the measured levels"},
        {"max_output_throughput", "Highest output throughput", "output tokens per second of the best level"},
        {"mean_total_throughput", "Total throughput",
         "input and output tokens per second, mean over the measured levels"},
        {"max_total_throughput", "Highest total throughput",
         "input and output tokens per second of the best level"},
        {"mean_input_throughput", "Input throughput",
         "input tokens per second, mean over the measured levels"},
    }};
    for (const auto& f : families) add(f.name, f.label, "tokens/s", Direction::higher, f.help);
    for (const auto& f : families) {
      add(keep(fmt::format("{}_per_gpu", f.name)), keep(fmt::format("{} per GPU", f.label)), "tokens/s/GPU",
          Direction::higher, keep(fmt::format("{}, divided by the GPUs of the deployment", f.help)));
    }
    add("mean_output_speed", "Output speed", "tokens/s/user", Direction::higher,
        "tokens per second that one user sees after the first token, mean over requests and levels");
    add("requests_per_second", "Request throughput", "requests/s", Direction::higher,
        "completed requests per second, mean over the measured levels");
    add("goodput", "Goodput", "requests/s", Direction::higher,
        "requests per second that keep every limit that applies to one request");
    add("goodput_per_gpu", "Goodput per GPU", "requests/s/GPU", Direction::higher,
        "requests per second that keep every limit, divided by the GPUs of the deployment");
  }

  void add_counts() {
    add_ratio("success_rate", "Success rate", "completed requests of all requests");
    add_ratio("goodput_ratio", "Goodput ratio", "requests that keep every limit of all requests");
    add_ratio("compliant_fraction", "Compliant levels",
              "levels that break no hard limit of all measured levels");
    add_integer("max_compliant_concurrency", "Highest compliant concurrency", Direction::higher,
                "largest concurrency up to which no level breaks a hard limit");
    add_integer("total_requests", "Requests", Direction::none, "requests that ended, completed or failed");
    add_integer("total_completed_requests", "Completed requests", Direction::none,
                "requests that were answered");
    add_integer("total_error_requests", "Failed requests", Direction::lower,
                "requests that ended with an error");
  }

  void add_hardware() {
    add("energy_per_output_token", "Energy per output token", "J/token", Direction::lower,
        "energy used by the GPUs while measuring, divided by the output tokens");
    add("gpu_utilization", "GPU utilization", "%", Direction::none,
        "mean over GPUs and time while measuring");
    add("gpu_memory_used", "GPU memory used", "MB", Direction::none,
        "mean over GPUs and time while measuring");
    add("gpu_power", "GPU power", "W", Direction::none, "mean over GPUs and time while measuring");
  }

  void add_times() {
    add_duration("elapsed_time", "Elapsed time", "wall time of the experiment");
    add_duration("deploy_s", "Deployment time", "time until the engine's process or container ran");
    add_duration("ready_s", "Start-up time", "time from there until the engine answered");
    add_duration("benchmark_s", "Measuring time", "time spent sending load");
    add("objective_score", "Score", "", Direction::lower,
        "what the search minimises: the objective with limits' penalties, sign turned for objectives that "
        "are maximised");
    add("objective_value", "Objective", "", Direction::none,
        "the metric of the objective on the scored basis, natural sign, without penalties");
  }

  void add(std::string_view name, std::string_view label, std::string_view unit, Direction direction,
           std::string_view help) {
    rows.push_back({name, label, unit, unit, 1, direction, help});
  }
  void add_ratio(std::string_view name, std::string_view label, std::string_view help) {
    rows.push_back({name, label, "ratio", "%", 100, Direction::higher, help});
  }
  void add_integer(std::string_view name, std::string_view label, Direction direction,
                   std::string_view help) {
    rows.push_back({name, label, "count", "", 1, direction, help});
  }
  void add_duration(std::string_view name, std::string_view label, std::string_view help) {
    rows.push_back({name, label, "s", duration, 1, Direction::lower, help});
  }

  std::deque<std::string> texts_;  // a deque never moves what it holds
};

const Registry& registry() {
  static const Registry instance;
  return instance;
}

}  // namespace

std::span<const MetricInfo> all_metrics() {
  return registry().rows;
}

const MetricInfo* find_metric(std::string_view name) {
  const auto& rows = registry().rows;
  const auto found = std::ranges::find(rows, name, &MetricInfo::name);
  return found == rows.end() ? nullptr : &*found;
}

std::string to_readable(std::string_view metric, double value) {
  const auto* const info = find_metric(metric);
  if (!info || !std::isfinite(value)) return base::to_readable_number(value);
  if (info->display_unit == duration) return base::to_duration_text(base::Seconds(value));
  const auto number = base::to_readable_number(value * info->factor);
  return info->display_unit.empty() ? number : fmt::format("{} {}", number, info->display_unit);
}

}  // namespace autotuner::metrics
