#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "load/plan.hpp"
#include "load/record.hpp"
#include "metrics/objective.hpp"
#include "metrics/slo.hpp"
#include "metrics/statistics.hpp"

namespace autotuner::metrics {

/// How far a measurement can be trusted: noisy = usable with a wider interval; invalid = ranked
/// behind valid ones.
enum class Trust { valid, noisy, invalid };
const char* to_text(Trust trust);

struct Finding {
  Trust trust = Trust::valid;  ///< what this finding alone makes of the batch; valid = a note
  std::string text;
  bool operator==(const Finding&) const = default;
};

struct Audit {
  Trust trust = Trust::valid;
  std::vector<Finding> findings;
  bool operator==(const Audit&) const = default;
};

/// Pass k of a batch with `repeat` > 1.
struct RepeatSummary {
  double run_duration = 0;
  std::optional<double> total_throughput, ttft_mean, tpot_mean;
  bool operator==(const RepeatSummary&) const = default;
};

/// The measurement of one (scenario, level): genai-bench's aggregated_metrics and what we add. Seconds,
/// tokens/s.
struct Batch {
  std::string scenario;
  int num_concurrency = 0;
  std::optional<double> request_rate;
  double run_duration = 0;
  double mean_output_throughput = 0;  ///< tokens/s
  double mean_input_throughput = 0;
  double mean_total_throughput = 0;
  bool has_throughput = true;  ///< false for foreign files that lack it
  double requests_per_second = 0;
  int num_completed_requests = 0;
  int num_error_requests = 0;
  int num_requests = 0;
  int num_unfinished = 0;
  std::map<int, int> error_codes;
  /// By metric: ttft, tpot, e2e_latency, output_latency, output_inference_speed, num_input_tokens,
  /// num_output_tokens, num_reasoning_tokens, total_tokens, input_throughput, output_throughput, itl,
  /// chunk_gap.
  std::map<std::string, Statistics> stats;
  std::optional<double> goodput;        ///< requests/s
  std::optional<double> goodput_ratio;  ///< 0..1
  std::vector<RepeatSummary> repeats;
  std::map<std::string, Interval> ci95;  ///< by registry name: mean_total_throughput, p90_ttft, ...
  Audit audit;
  SloVerdict slo = SloVerdict::none;
  std::string stopped;
  int short_answers = 0;
  bool tokens_estimated = false;
  double foreign_cpu = 0;

  /// which: min max mean stddev sum p25 p50 p75 p90 p95 p99; nothing when not measured.
  std::optional<double> stat(const std::string& metric, const std::string& which) const;
  double success_rate() const;  ///< completed / requests, 1 when none
  bool operator==(const Batch&) const = default;
};

/// "D(100,100) at concurrency 64".
std::string to_text_of_point(const Batch& batch);

struct BatchContext {
  std::string scenario;
  load::Level level;
  RequestLimits limits;  ///< for goodput
  double warmup_ratio = 0;
  double cooldown_ratio = 0;
  double engine_cores =
      0;  ///< cores the engine computes on; 0 = it computes on GPUs, foreign CPU is no finding
  std::optional<Objective>
      objective{};  ///< what the audit holds disturbances against; absent = latency and throughput
};

/// Figures, intervals and audit of one level; passes of a repeated level are pooled. `slo` is left at none:
/// aggregate() sets it. An unfinished request enters only num_unfinished, the goodput ratio and, as a lower
/// bound, ci95.
Batch make_batch(std::span<const load::LevelRun> passes, const BatchContext& context);

/// The document of a genai-bench batch file: {"aggregated_metrics", "individual_request_metrics",
/// "_time_unit"}.
base::Json to_genai_document(const Batch& batch, std::span<const load::LevelRun> passes);
/// aggregated_metrics alone (also what is stored and sent).
base::Json to_json(const Batch& batch);
/// Reads our own and genai-bench's (every version) aggregated_metrics or whole batch documents; ms are
/// converted.
base::Result<Batch> batch_from_json(const base::Json& json);

/// "D100_100_text-to-text_num_concurrency_4_time_9s.json".
std::string batch_file_name(const Batch& batch, const std::string& task);
/// True for names of batch results, false for metadata and debug files.
bool is_batch_file_name(const std::string& name);

}  // namespace autotuner::metrics
