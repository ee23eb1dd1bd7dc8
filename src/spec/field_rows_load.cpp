#include <array>

#include "spec/field_rows.hpp"

namespace autotuner::spec {
namespace {

using enum FieldType;
using Words = std::string_view[];

constexpr Words benchmark_tasks = {"text-to-text"};
constexpr Words generators = {"native"};
constexpr Words apis = {"chat", "completions"};
constexpr Words shapes = {"exponential", "continuous", "linear"};
constexpr Words policies = {"drop", "keep", "max_compliant"};
constexpr Words limit_statistics = {"mean", "p50", "p90", "p95", "p99"};

constexpr Bounds share = {0.0, 1.0, false};

constexpr std::string_view closed_loop_only =
    "this version sends closed-loop load: give levels in benchmark.num_concurrency";

constexpr auto rows = std::to_array<Field>({
    {"benchmark.task", text, "\"text-to-text\"", benchmark_tasks, free_range, "Kind of requests.", Mark::none,
     "", ""},
    {"benchmark.model_name", text, "", any, free_range,
     "The model field of each request. Absent: the id that the engine reports.", Mark::none, "", ""},
    {"benchmark.model_tokenizer", text, "", any, free_range,
     "Tokenizer id or path, noted with the results. Absent: model.id_or_path.", Mark::none, "", ""},
    {"benchmark.traffic_scenarios", text_list, "[\"D(100,100)\"]", any, free_range,
     "Shapes of traffic, each one run: D(input,output), N(mean,sd)/(mean,sd), U(low,high)/(low,high), "
     "dataset.",
     Mark::none, "", "tokens"},
    {"benchmark.num_concurrency", integer_list, "[1]", any, from_1,
     "Levels of load: users that each send their next request when the last one is answered.", Mark::none, "",
     ""},
    {"benchmark.max_time_per_iteration", number, "10", any, above_0,
     "Longest time of one level. Minutes, not seconds.", Mark::none, "", "min"},
    {"benchmark.max_seconds_per_run", number, "", any, above_0,
     "The same in seconds; overrides max_time_per_iteration.", Mark::none, "", "s"},
    {"benchmark.max_requests_per_iteration", integer, "50", any, from_1, "Requests of one level at most.",
     Mark::none, "", ""},
    {"benchmark.additional_params", object, "{}", any, free_range, "Members added to every request body.",
     Mark::none, "", ""},
    {"benchmark.dataset_url", text, "", any, free_range,
     "Prompts: an http(s) or file URL, or an absolute path.", Mark::none, "", ""},
    {"benchmark.dataset_deduplicate", boolean, "true", any, free_range, "Drops repeated prompts.", Mark::none,
     "", ""},
    {"benchmark.generator", text, "\"native\"", generators, free_range, "The load generator.", Mark::none, "",
     ""},
    {"benchmark.api", text, "\"chat\"", apis, free_range, "Which path of the engine's API is used.",
     Mark::none, "", ""},
    {"benchmark.warmup_requests", integer, "3", any, from_0,
     "Requests before the first level that are not measured.", Mark::none, "", ""},
    {"benchmark.seed", integer, "42", any, from_0, "Seed of prompts and lengths; equal for all experiments.",
     Mark::none, "", ""},
    {"benchmark.ignore_eos", boolean, "true", any, free_range,
     "Asks the engine to write as many tokens as wanted.", Mark::none, "", ""},
    {"benchmark.prefix_len", integer, "", any, from_1,
     "Tokens at the start of each prompt that all prompts share.", Mark::none, "", "tokens"},
    {"benchmark.prefix_ratio", number, "", any, share, "The same as a share of the input; D scenarios only.",
     Mark::none, "", "ratio"},
    {"benchmark.warmup_ratio", number, "0", any, share,
     "Share of the first requests that is left out of statistics.", Mark::none, "", "ratio"},
    {"benchmark.cooldown_ratio", number, "0", any, share,
     "Share of the last requests that is left out of statistics.", Mark::none, "", "ratio"},
    {"benchmark.request_timeout_s", number, "600", any, above_0, "Limit of one request.", Mark::none, "",
     "s"},
    {"benchmark.repeat", integer, "1", any, from_1,
     "How often the list of levels is run on the same engine; passes are pooled.", Mark::none, "", ""},
    {"benchmark.strict_audit", boolean, "false", any, free_range,
     "Drops measurements that fail the generator's own check instead of marking them.", Mark::none, "", ""},
    {"benchmark.capacity_search", object, "", any, free_range,
     "Looks for the highest level that keeps the limits.", Mark::unavailable,
     "list the levels in benchmark.num_concurrency and set optimization.objective_at to best_point", ""},
    {"benchmark.request_rate", number_list, "", any, above_0, "Requests per second.", Mark::unavailable,
     closed_loop_only, ""},
    {"benchmark.arrival", text, "", any, free_range, "Pattern of arrivals.", Mark::unavailable,
     closed_loop_only, ""},
    {"benchmark.burstiness", number, "", any, above_0, "Spread of arrivals.", Mark::unavailable,
     closed_loop_only, ""},
    {"benchmark.trace_file", text, "", any, free_range, "Recorded arrivals.", Mark::unavailable,
     closed_loop_only, ""},
    {"benchmark.max_in_flight", integer, "", any, from_1, "Open requests at most.", Mark::unavailable,
     closed_loop_only, ""},
    {"benchmark.drain_s", number, "", any, from_0, "Time for open requests at the end.", Mark::unavailable,
     closed_loop_only, ""},

    {"slo.latency", object, "", any, free_range,
     "Limits of the time from sending a request to its last token, by percentile.", Mark::none, "", ""},
    {"slo.latency.p50", object, "", any, free_range, "Median.", Mark::none, "", "s"},
    {"slo.latency.p90", object, "", any, free_range, "90th percentile.", Mark::none, "", "s"},
    {"slo.latency.p95", object, "", any, free_range, "95th percentile.", Mark::none, "", "s"},
    {"slo.latency.p99", object, "", any, free_range, "99th percentile.", Mark::none, "", "s"},
    {"slo.ttft", object, "", any, free_range, "Limit of the time to the first token.", Mark::none, "", "s"},
    {"slo.tpot", object, "", any, free_range, "Limit of the time per further token.", Mark::none, "", "s"},
    {"slo.throughput", object, "", any, free_range, "Least total throughput.", Mark::none, "", "tokens/s"},
    {"slo.success_rate", object, "", any, free_range, "Least share of requests that succeed.", Mark::none, "",
     "ratio"},
    {"slo.steepness", number, "0.1", any, above_0,
     "How slowly the penalty grows beyond a limit; smaller is steeper.", Mark::none, "", ""},
    {"slo.penalty_shape", text, "\"exponential\"", shapes, free_range,
     "How the penalty grows beyond a limit.", Mark::none, "", ""},
    {"slo.batch_policy", text, "\"drop\"", policies, free_range,
     "What becomes of levels that break a hard limit when the mean is scored.", Mark::none, "", ""},

    {"limit.threshold", number, "", any, above_0, "The limit.", Mark::none, "", ""},
    {"limit.weight", number, "1.0", any, from_0, "Weight of its penalty.", Mark::none, "", ""},
    {"limit.hard_fail", boolean, "false", any, free_range,
     "Far beyond the limit a configuration is disqualified.", Mark::none, "", ""},
    {"limit.fail_ratio", number, "0.5", any, from_0, "How far: threshold * (1 + fail_ratio).", Mark::none, "",
     "ratio"},
    {"limit.stat", text, "\"mean\"", limit_statistics, free_range,
     "The statistic that the limit holds for (ttft and tpot).", Mark::none, "", ""},
});

}  // namespace

std::span<const Field> load_rows() {
  return rows;
}

}  // namespace autotuner::spec
