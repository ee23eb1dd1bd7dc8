#include "metrics/request.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace autotuner::metrics {
namespace {

/// Below this an answer came in one burst (a buffer was flushed), and a time per token would be a false
/// speed.
constexpr double least_output_latency = 0.001;

/// The server counts tokens per answer, not per chunk: they are spread evenly over the chunks. A chunk
/// without a token of its own (a split character) hands its gap on.
std::vector<double> per_token(const std::vector<double>& gaps, std::size_t tokens) {
  std::vector<double> itl;
  itl.reserve(tokens);
  const auto chunks = gaps.size() + 1;
  double waiting = 0;
  for (std::size_t i = 1; i < chunks; ++i) {
    waiting += gaps[i - 1];
    const auto own = (i + 1) * tokens / chunks - i * tokens / chunks;
    if (own == 0) continue;
    itl.insert(itl.end(), own, waiting / static_cast<double>(own));
    waiting = 0;
  }
  return itl;
}

void add_rates(RequestFigures& figures, double tokens) {
  if (!figures.output_latency || tokens <= 1) return;
  const double latency = *figures.output_latency;
  if (latency > 0) figures.output_throughput = (tokens - 1) / latency;
  if (latency < least_output_latency) return;
  figures.tpot = latency / (tokens - 1);
  figures.output_inference_speed = 1 / *figures.tpot;
}

}  // namespace

double to_seconds(load::Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

RequestFigures figures_of(const load::RequestRecord& record) {
  RequestFigures figures;
  figures.num_input_tokens = record.input_tokens;
  figures.num_output_tokens = record.output_tokens;
  figures.num_reasoning_tokens = record.reasoning_tokens;
  figures.total_tokens = static_cast<double>(record.input_tokens) + record.output_tokens;
  if (record.end) figures.e2e_latency = to_seconds(*record.end - record.scheduled);
  if (record.first_token) {
    figures.ttft = to_seconds(*record.first_token - record.scheduled);
    figures.input_throughput = *figures.ttft > 0 ? record.input_tokens / *figures.ttft : 0.0;
  }
  if (record.end && record.first_token)
    figures.output_latency = to_seconds(*record.end - *record.first_token);
  add_rates(figures, record.output_tokens);
  for (std::size_t i = 1; i < record.chunks.size(); ++i) {
    figures.chunk_gaps.push_back(to_seconds(record.chunks[i] - record.chunks[i - 1]));
  }
  figures.itl = per_token(figures.chunk_gaps, static_cast<std::size_t>(std::max(0, record.output_tokens)));
  return figures;
}

std::span<const FigureColumn> figure_columns() {
  using R = RequestFigures;
  static constexpr std::array<FigureColumn, 11> columns{{
      {"ttft", &R::ttft},
      {"tpot", &R::tpot},
      {"e2e_latency", &R::e2e_latency},
      {"output_latency", &R::output_latency},
      {"output_inference_speed", &R::output_inference_speed},
      {"num_input_tokens", &R::num_input_tokens, true},
      {"num_output_tokens", &R::num_output_tokens, true},
      {"num_reasoning_tokens", &R::num_reasoning_tokens, true},
      {"total_tokens", &R::total_tokens, true},
      {"input_throughput", &R::input_throughput},
      {"output_throughput", &R::output_throughput},
  }};
  return columns;
}

std::vector<const load::RequestRecord*> completed(const load::LevelRun& run, double warmup_ratio,
                                                  double cooldown_ratio) {
  std::vector<const load::RequestRecord*> done;
  for (const auto& record : run.records) {
    if (record.ok()) done.push_back(&record);
  }
  std::ranges::sort(done, {}, [](const auto* record) { return std::pair(*record->end, record); });
  const auto n = static_cast<double>(done.size());
  const auto first = static_cast<std::ptrdiff_t>(n * warmup_ratio);
  const auto last = static_cast<std::ptrdiff_t>(n * cooldown_ratio);
  const auto size = static_cast<std::ptrdiff_t>(done.size());
  if (first + last >= size) return {};
  return {done.begin() + first, done.end() - last};
}

}  // namespace autotuner::metrics
