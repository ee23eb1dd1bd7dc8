#include "spec/fields.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::spec {
namespace {

using enum FieldType;
using Words = std::string_view[];

constexpr Words modes = {"docker", "local", "ome"};
constexpr Words compat_words = {"reference"};
constexpr Words strategies = {"grid_search", "bayesian", "random", "gp",
                              "forest",      "tpe",      "sobol",  "hill_climb"};
constexpr Words objectives = {"minimize_latency", "maximize_throughput", "minimize_ttft", "minimize_tpot",
                              "maximize_goodput"};
constexpr Words dedupe_words = {"resolved", "exact", "none"};
constexpr Words orders = {"lexicographic", "shuffled", "halton"};
constexpr Words bases = {"mean", "best_point"};
constexpr Words benchmark_tasks = {"text-to-text"};
constexpr Words generators = {"native"};
constexpr Words apis = {"chat", "completions"};
constexpr Words shapes = {"exponential", "continuous", "linear"};
constexpr Words policies = {"drop", "keep", "max_compliant"};
constexpr Words limit_statistics = {"mean", "p50", "p90", "p95", "p99"};
constexpr Words gemm_dtypes = {"auto", "float16", "bfloat16", "float32", "fp8", "int8"};
constexpr Words kvcache_dtypes = {"auto", "fp16", "bfloat16", "fp8", "fp8_e5m2", "fp8_e4m3", "int8", "int4"};
constexpr Words attention_dtypes = {"auto",     "float16",  "bfloat16", "fp8",
                                    "fp8_e5m2", "fp8_e4m3", "fp8_block"};
constexpr Words moe_dtypes = {"auto", "float16", "bfloat16", "fp8", "w4afp8", "mxfp4", "int8"};
constexpr std::span<const std::string_view> any;

constexpr Bounds free_range = {};
constexpr Bounds from_0 = {0.0, std::nullopt, false};
constexpr Bounds from_1 = {1.0, std::nullopt, false};
constexpr Bounds above_0 = {0.0, std::nullopt, true};
constexpr Bounds share = {0.0, 1.0, false};
constexpr Bounds racers = {2.0, 8.0, false};
constexpr Bounds race_rounds = {1.0, 50.0, false};
constexpr Bounds only_1 = {1.0, 1.0, false};

constexpr std::string_view closed_loop_only =
    "this version sends closed-loop load: give levels in benchmark.num_concurrency";
constexpr std::string_view no_cluster = "this version runs engines in the modes docker and local";

constexpr auto fields = std::to_array<Field>({
    {"schema_version", integer, "1", any, only_1, "Version of this document format.", Mark::none, "", ""},
    {"task_name", text, "", any, free_range, "Name of the task: in result files, service names and lists.",
     Mark::required, "", ""},
    {"description", text, "", any, free_range, "Shown only.", Mark::none, "", ""},
    {"model", object, "", any, free_range, "The model to serve.", Mark::required, "", ""},
    {"base_runtime", text, "", any, free_range, "The engine: sglang, vllm, tensorrt-llm, llamacpp or sim.",
     Mark::required, "", ""},
    {"runtime_family", text, "", any, free_range, "The engine behind a base_runtime with a name of its own.",
     Mark::none, "", ""},
    {"runtime_image_tag", text, "", any, free_range, "Replaces the tag of the engine's default Docker image.",
     Mark::none, "", ""},
    {"deployment_mode", text, "", modes, free_range,
     "Where engines run. Absent: the --mode flag, then the setting, then docker.", Mark::none, "", ""},
    {"gpu_type", text, "", any, free_range, "Runs only where a GPU of that name is (RTX 4090, A100).",
     Mark::none, "", ""},
    {"parameters", object, "{}", any, free_range,
     "Flags of the engine and the values to try; see the section on value forms.", Mark::none, "", ""},
    {"quant_config", object, "", any, free_range,
     "Number formats to try, translated into the engine's flags.", Mark::none, "", ""},
    {"parallel_config", object, "", any, free_range,
     "Ways to spread the model over GPUs, translated into the engine's flags.", Mark::none, "", ""},
    {"constraints", text_list, "", any, free_range,
     "Conditions over parameters that every configuration must keep: tp-size * dp-size <= 8.", Mark::none, "",
     ""},
    {"optimization", object, "", any, free_range, "How the search goes and what it looks for.",
     Mark::required, "", ""},
    {"benchmark", object, "", any, free_range, "The load that each configuration is measured under.",
     Mark::required, "", ""},
    {"slo", object, "", any, free_range,
     "Limits that a configuration should keep (soft) or must keep (hard).", Mark::none, "", ""},
    {"price_per_gpu_hour", number, "", any, from_0, "What one GPU costs per hour.", Mark::no_effect,
     "this version tells no prices", "money"},
    {"compat", text, "", compat_words, free_range,
     "Switches figures that were improved back to those of earlier tuners with this file format.", Mark::none,
     "", ""},
    {"tags", text_list, "", any, free_range, "Words to find the task by.", Mark::none, "", ""},
    {"owner", text, "", any, free_range, "Who asked for the task; shown only.", Mark::none, "", ""},
    {"applied_presets", list, "", any, free_range, "Presets that were copied into the task; shown only.",
     Mark::none, "", ""},
    {"storage", object, "", any, free_range, "Model volume of a cluster.", Mark::no_effect, no_cluster, ""},
    {"clusterbasemodel_config", object, "", any, free_range, "Model resource of a cluster.", Mark::no_effect,
     no_cluster, ""},
    {"clusterservingruntime_config", object, "", any, free_range,
     "Serving-runtime resource of a cluster; its preset names the engine.", Mark::no_effect, no_cluster, ""},
    {"engines", list, "", any, free_range, "Several engines in one task.", Mark::unavailable,
     "write one task per engine with base_runtime and parameters", ""},
    {"quality", object, "", any, free_range, "Compares answers with the baseline's.", Mark::unavailable,
     "output quality is not checked by this version", ""},
    {"slo_tiers", object, "", any, free_range, "Several named sets of limits.", Mark::unavailable,
     "write one set of limits in slo", ""},

    {"model.id_or_path", text, "", any, free_range,
     "A path, a Hugging Face id, or a name below the model folder. llamacpp: a .gguf file, or "
     "org/repo[:QUANT]. sim: any text; a size in it (8b) sets the simulated weights.",
     Mark::required, "", ""},
    {"model.namespace", text, "\"default\"", any, free_range, "Prefix of container and process names.",
     Mark::none, "", ""},
    {"model.hf_token", text, "", any, free_range,
     "Hugging Face token, handed to the engine in its environment.", Mark::secret, "", ""},
    {"model.quantization", text, "", any, free_range,
     "The quantization method of the weights, when the path does not tell it.", Mark::none, "", ""},
    {"model.quantization_config", object, "", any, free_range,
     "As in the model's config.json; quant_method is read.", Mark::none, "", ""},
    {"model.variants", list, "", any, free_range, "Several files or quantizations of the model.",
     Mark::unavailable, "write one task per variant with model.id_or_path", ""},

    {"quant_config.gemm_dtype", scalar_or_list, "", gemm_dtypes, free_range, "Number format of the weights.",
     Mark::none, "", ""},
    {"quant_config.kvcache_dtype", scalar_or_list, "", kvcache_dtypes, free_range,
     "Number format of the KV cache.", Mark::none, "", ""},
    {"quant_config.attention_dtype", scalar_or_list, "", attention_dtypes, free_range,
     "Number format of attention.", Mark::none, "", ""},
    {"quant_config.moe_dtype", scalar_or_list, "", moe_dtypes, free_range, "Number format of the experts.",
     Mark::none, "", ""},
    {"quant_config.presets", scalar_or_list, "", any, free_range,
     "Named settings of all four; fields beside it override the preset's.", Mark::none, "", ""},

    {"parallel_config.tp", scalar_or_list, "", any, free_range, "Tensor parallel size.", Mark::none, "",
     "GPUs"},
    {"parallel_config.pp", scalar_or_list, "", any, free_range, "Pipeline parallel size.", Mark::none, "",
     "GPUs"},
    {"parallel_config.dp", scalar_or_list, "", any, free_range, "Data parallel size.", Mark::none, "",
     "GPUs"},
    {"parallel_config.cp", scalar_or_list, "", any, free_range, "Context parallel size (TensorRT-LLM).",
     Mark::none, "", "GPUs"},
    {"parallel_config.dcp", scalar_or_list, "", any, free_range,
     "Decode context parallel size; shares the tensor parallel GPUs.", Mark::none, "", "GPUs"},
    {"parallel_config.enable_expert_parallel", scalar_or_list, "", any, free_range,
     "Spreads experts over the GPUs (vLLM).", Mark::none, "", ""},
    {"parallel_config.moe_tp", scalar_or_list, "", any, free_range,
     "Tensor parallel size of the experts (TensorRT-LLM).", Mark::none, "", "GPUs"},
    {"parallel_config.moe_ep", scalar_or_list, "", any, free_range, "Expert parallel size (TensorRT-LLM).",
     Mark::none, "", "GPUs"},
    {"parallel_config.moe_cluster", scalar_or_list, "", any, free_range,
     "Expert cluster size (TensorRT-LLM).", Mark::none, "", "GPUs"},
    {"parallel_config.moe_dense_tp", scalar_or_list, "", any, free_range,
     "Tensor parallel size of the dense layers of an expert model (SGLang).", Mark::none, "", "GPUs"},
    {"parallel_config.ep", scalar_or_list, "", any, free_range, "Expert parallel size (SGLang).", Mark::none,
     "", "GPUs"},
    {"parallel_config.pcp", scalar_or_list, "", any, free_range, "Prefill context parallel size (vLLM).",
     Mark::none, "", "GPUs"},
    {"parallel_config.enable_dp_attention", scalar_or_list, "", any, free_range,
     "Data parallel attention inside the tensor parallel group (SGLang).", Mark::none, "", ""},
    {"parallel_config.presets", scalar_or_list, "", any, free_range,
     "Named settings of several sizes at once.", Mark::none, "", ""},

    {"optimization.strategy", text, "\"grid_search\"", strategies, free_range,
     "How the next configuration is chosen.", Mark::none, "", ""},
    {"optimization.objective", text, "\"minimize_latency\"", objectives, free_range,
     "What is optimised. maximize_goodput needs limits in slo.", Mark::none, "", ""},
    {"optimization.max_iterations", integer, "100", any, from_1,
     "Experiments at most, the baseline not counted.", Mark::none, "", ""},
    {"optimization.timeout_per_iteration", number, "1800", any, above_0,
     "Limit of one experiment: start, wait and load together.", Mark::none, "", "s"},
    {"optimization.ready_timeout", number, "", any, above_0,
     "Limit of the wait for readiness, inside the limit of the experiment.", Mark::none, "", "s"},
    {"optimization.total_timeout", number, "", any, above_0, "Limit of the whole task.", Mark::none, "", "s"},
    {"optimization.n_initial_random", integer, "5", any, from_0,
     "Random experiments before the model of a model-based strategy is used.", Mark::none, "", ""},
    {"optimization.seed", integer, "", any, from_0,
     "Seed of all chance in the search. Absent: drawn at the start and stored.", Mark::none, "", ""},
    {"optimization.multivariate", boolean, "false", any, free_range, "Models all parameters jointly (tpe).",
     Mark::none, "", ""},
    {"optimization.dedupe", text, "\"resolved\"", dedupe_words, free_range,
     "Which configurations count as equal and run once.", Mark::none, "", ""},
    {"optimization.order", text, "\"lexicographic\"", orders, free_range,
     "Order of a grid; matters when max_iterations cuts it.", Mark::none, "", ""},
    {"optimization.patience", integer, "", any, from_1,
     "Stops after that many experiments without improvement.", Mark::none, "", ""},
    {"optimization.min_improvement", number, "", any, from_0,
     "Relative gain that counts as improvement for patience.", Mark::none, "", "ratio"},
    {"optimization.stop_when_converged", boolean, "false", any, free_range,
     "Stops once the chance that an untried configuration is more than 1 % better is at most 5 % (strategies "
     "bayesian and gp).",
     Mark::none, "", ""},
    {"optimization.baseline", boolean, "", any, free_range,
     "Measures the engine's defaults first, as experiment 0. Absent: yes on the command line.", Mark::none,
     "", ""},
    {"optimization.early_stop", boolean, "", any, free_range,
     "Ends measurements as soon as statistics allow. This version measures every level to its end either "
     "way.",
     Mark::none, "", ""},
    {"optimization.objective_at", integer_or_text, "\"mean\"", bases, from_1,
     "What is scored: the mean over all levels, one level of num_concurrency, or each scenario's best "
     "operating point.",
     Mark::none, "", ""},
    {"optimization.repeat_best", object, "", any, free_range,
     "Measures the best k configurations n times more at the end, each time with a fresh engine.", Mark::none,
     "", ""},
    {"optimization.repeat_best.k", integer, "", any, from_1, "How many configurations.", Mark::required, "",
     ""},
    {"optimization.repeat_best.n", integer, "", any, from_1, "How many times more.", Mark::required, "", ""},
    {"optimization.race", boolean_or_object, "", any, free_range,
     "Measures the best configurations and the engine's defaults against each other at the end, round by "
     "round "
     "and each time with a fresh engine, until all but one are shown to be worse. true = 3 candidates, 5 "
     "rounds. Absent: no race. Not together with repeat_best.",
     Mark::none, "", ""},
    {"optimization.race.candidates", integer, "3", any, racers,
     "How many of the best take part; the engine's defaults come on top.", Mark::none, "", ""},
    {"optimization.race.rounds", integer, "5", any, race_rounds,
     "Rounds at most; fewer than 3 decide nothing.", Mark::none, "", ""},
    {"optimization.max_parallel_experiments", integer, "1", any, from_1, "Experiments at the same time.",
     Mark::none, "", ""},
    {"optimization.study_name", text, "", any, free_range, "Name of a study in an external store.",
     Mark::no_effect, "tasks keep their own history", ""},
    {"optimization.storage", text, "", any, free_range, "External store of a study.", Mark::no_effect,
     "every task keeps its history in the store of this product and can be resumed", ""},
    {"optimization.objectives", list, "", any, free_range,
     "Two or three metrics whose best trade-offs are looked for and reported, each {\"metric\": NAME, "
     "\"direction\": \"min\" or \"max\"}; without a direction the one in which the metric is better. "
     "optimization.objective still names the configuration to ship.",
     Mark::none, "", ""},

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

constexpr auto aliases = std::to_array<FieldAlias>({
    {"model_config", "model"},
    {"optimization_config", "optimization"},
    {"benchmark_config", "benchmark"},
    {"slo_config", "slo"},
    {"model.name", "model.id_or_path", true},
    {"quant_config.preset", "quant_config.presets"},
    {"parallel_config.preset", "parallel_config.presets"},
});

constexpr std::string_view text_only = "this version measures text-to-text";
constexpr std::string_view native_only = "this version measures with its own load generator: native";
constexpr std::string_view two_apis = "this version uses chat and completions";

constexpr auto words = std::to_array<KnownWord>({
    {"optimization.strategy", "grid", "grid_search", true},
    {"optimization.strategy", "random_search", "random", true},
    {"optimization.objective", "minimize_cost",
     "give price_per_gpu_hour: the price of tokens is then part of every result"},
    {"benchmark.task", "text-to-embeddings", text_only},
    {"benchmark.task", "text-to-rerank", text_only},
    {"benchmark.task", "text-to-image", text_only},
    {"benchmark.task", "text-to-speech", text_only},
    {"benchmark.task", "image-text-to-text", text_only},
    {"benchmark.task", "image-to-embeddings", text_only},
    {"benchmark.generator", "genai-bench", native_only},
    {"benchmark.generator", "benchmarkjob", native_only},
    {"benchmark.api", "generate", two_apis},
    {"benchmark.api", "native", two_apis},
    {"benchmark.api", "embeddings", two_apis},
});

constexpr Words limits = {"slo.latency.p50", "slo.latency.p90", "slo.latency.p95", "slo.latency.p99",
                          "slo.ttft",        "slo.tpot",        "slo.throughput",  "slo.success_rate"};

std::string_view parent_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

}  // namespace

std::span<const Field> all_fields() {
  return fields;
}

const Field* find_field(std::string_view path) {
  const auto* const found = std::ranges::find(fields, path, &Field::path);
  return found == fields.end() ? nullptr : found;
}

std::string_view group_of(std::string_view path) {
  return std::ranges::find(limits, path) == std::end(limits) ? path : std::string_view("limit");
}

std::vector<const Field*> members_of(std::string_view group) {
  std::vector<const Field*> members;
  for (const auto& field : fields) {
    if (parent_of(field.path) == group) members.push_back(&field);
  }
  return members;
}

std::span<const FieldAlias> field_aliases() {
  return aliases;
}

const KnownWord* find_word(std::string_view path, std::string_view word) {
  const auto* const found =
      std::ranges::find_if(words, [&](const KnownWord& w) { return w.path == path && w.word == word; });
  return found == words.end() ? nullptr : found;
}

std::string to_text(const Bounds& bounds) {
  const auto show = [](double value) { return fmt::format("{}", value); };
  if (bounds.low && bounds.high && *bounds.low == *bounds.high) return show(*bounds.low);
  if (bounds.low && bounds.high)
    return fmt::format("between {} and {}", show(*bounds.low), show(*bounds.high));
  if (bounds.low) return fmt::format("{}{}", bounds.above_low ? "> " : "at least ", show(*bounds.low));
  return "any number";
}

}  // namespace autotuner::spec
