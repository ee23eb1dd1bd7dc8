#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "load/record.hpp"

namespace autotuner::metrics {

double to_seconds(load::Nanoseconds time);

/// The figures of one successful request: seconds, tokens, tokens/s. Latencies count from the intended start.
struct RequestFigures {
  std::optional<double> ttft, tpot, e2e_latency, output_latency, output_inference_speed;
  std::optional<double> num_input_tokens, num_output_tokens, num_reasoning_tokens, total_tokens;
  std::optional<double> input_throughput, output_throughput;
  std::vector<double> chunk_gaps;  ///< between consecutive content chunks
  std::vector<double> itl;         ///< the same per token: a chunk of k tokens after gap g counts k times g/k
};

RequestFigures figures_of(const load::RequestRecord& record);

/// One scalar figure and its name in result files.
struct FigureColumn {
  std::string_view name;
  std::optional<double> RequestFigures::* member;
  bool is_count = false;
};
std::span<const FigureColumn> figure_columns();

/// Successful requests in order of completion, less trunc(n * ratio) at either end.
std::vector<const load::RequestRecord*> completed(const load::LevelRun& run, double warmup_ratio = 0,
                                                  double cooldown_ratio = 0);

}  // namespace autotuner::metrics
