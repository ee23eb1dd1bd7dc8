#include "metrics/batch.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "metrics/audit.hpp"
#include "metrics/request.hpp"
#include "metrics/statistics_columns.hpp"
#include "metrics/uncertainty.hpp"

namespace autotuner::metrics {
namespace {

using Samples = std::map<std::string, std::vector<double>>;

/// Sums over all that was finished, whatever the warm-up.
struct Totals {
  double input = 0;
  double output = 0;
  double seconds = 0;
  double overdue = 0;  ///< unfinished requests that had waited past a limit when the level stopped
  double good = 0;
};

bool keeps(const RequestFigures& figures, const RequestLimits& limits) {
  const auto within = [](const std::optional<double>& limit, const std::optional<double>& value,
                         bool if_absent) { return !limit || (value ? *value <= *limit : if_absent); };
  // One token has no time per token, so it can't have broken that limit; without a first token TTFT never
  // came.
  return within(limits.ttft, figures.ttft, false) && within(limits.tpot, figures.tpot, true) &&
         within(limits.e2e, figures.e2e_latency, false);
}

bool is_overdue(const load::RequestRecord& record, double waited, const RequestLimits& limits) {
  return (limits.e2e && waited > *limits.e2e) ||
         (limits.ttft && !record.first_token && waited > *limits.ttft);
}

void count(const load::LevelRun& pass, const RequestLimits& limits, Batch& batch, Totals& totals) {
  totals.seconds += to_seconds(pass.duration);
  batch.foreign_cpu = std::max(batch.foreign_cpu, pass.client.foreign_cpu);
  if (batch.stopped.empty()) batch.stopped = pass.stopped;
  for (const auto& record : pass.records) {
    if (!record.finished()) {
      ++batch.num_unfinished;
      if (is_overdue(record, to_seconds(pass.duration - record.scheduled), limits)) totals.overdue += 1;
      continue;
    }
    if (record.error_code) {
      ++batch.num_error_requests;
      ++batch.error_codes[*record.error_code];
      continue;
    }
    ++batch.num_completed_requests;
    totals.input += record.input_tokens;
    totals.output += record.output_tokens;
    if (record.short_answer) ++batch.short_answers;
    batch.tokens_estimated = batch.tokens_estimated || record.tokens_estimated;
    if (!limits.empty() && keeps(figures_of(record), limits)) totals.good += 1;
  }
}

void collect(const load::LevelRun& pass, const BatchContext& context, Samples& samples) {
  for (const auto* record : completed(pass, context.warmup_ratio, context.cooldown_ratio)) {
    const auto figures = figures_of(*record);
    for (const auto& column : figure_columns()) {
      if (const auto& value = figures.*column.member) samples[std::string(column.name)].push_back(*value);
    }
    auto& gaps = samples["chunk_gap"];
    gaps.insert(gaps.end(), figures.chunk_gaps.begin(), figures.chunk_gaps.end());
    auto& itl = samples["itl"];
    itl.insert(itl.end(), figures.itl.begin(), figures.itl.end());
  }
}

/// The most requests in flight at once: counted from the records where the generator doesn't say.
int peak_in_flight(std::span<const load::LevelRun> passes) {
  int peak = 0;
  for (const auto& pass : passes) {
    peak = std::max(peak, pass.client.peak_in_flight);
    if (pass.client.peak_in_flight > 0) continue;
    std::vector<std::pair<load::Nanoseconds, int>> steps;
    for (const auto& record : pass.records) {
      steps.emplace_back(record.sent, 1);
      steps.emplace_back(record.end.value_or(pass.duration), -1);
    }
    std::ranges::sort(steps);
    int in_flight = 0;
    for (const auto& [at, step] : steps) peak = std::max(peak, in_flight += step);
  }
  return peak;
}

RepeatSummary summary_of(const load::LevelRun& pass) {
  Batch batch;
  Totals totals;
  count(pass, {}, batch, totals);
  Samples samples;
  collect(pass, {}, samples);
  RepeatSummary summary{
      .run_duration = totals.seconds, .total_throughput = {}, .ttft_mean = {}, .tpot_mean = {}};
  if (totals.seconds > 0) summary.total_throughput = (totals.input + totals.output) / totals.seconds;
  if (const auto s = summarise(samples["ttft"])) summary.ttft_mean = s->mean;
  if (const auto s = summarise(samples["tpot"])) summary.tpot_mean = s->mean;
  return summary;
}

void set_rates(Batch& batch, const Totals& totals, const RequestLimits& limits) {
  batch.run_duration = totals.seconds;
  batch.num_requests = batch.num_completed_requests + batch.num_error_requests;
  batch.has_throughput = totals.seconds > 0;
  if (!batch.has_throughput) return;
  batch.mean_input_throughput = totals.input / totals.seconds;
  batch.mean_output_throughput = totals.output / totals.seconds;
  batch.mean_total_throughput = (totals.input + totals.output) / totals.seconds;
  batch.requests_per_second = batch.num_completed_requests / totals.seconds;
  if (limits.empty()) return;
  batch.goodput = totals.good / totals.seconds;
  const double judged = batch.num_requests + totals.overdue;
  if (judged > 0) batch.goodput_ratio = totals.good / judged;
}

}  // namespace

const char* to_text(Trust trust) {
  switch (trust) {
    case Trust::valid:
      return "valid";
    case Trust::noisy:
      return "noisy";
    case Trust::invalid:
      return "invalid";
  }
  return "invalid";
}

std::optional<double> Batch::stat(const std::string& metric, const std::string& which) const {
  const auto found = stats.find(metric);
  const auto* const column =
      std::ranges::find(statistics_columns, which, [](const auto& pair) { return pair.first; });
  if (found == stats.end() || column == statistics_columns.end()) return std::nullopt;
  const double value = found->second.*(column->second);
  // Not a number stands for what a foreign file left out.
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

double Batch::success_rate() const {
  return num_requests > 0 ? static_cast<double>(num_completed_requests) / num_requests : 1.0;
}

std::string to_text_of_point(const Batch& batch) {
  return fmt::format(
      "{} at {}", batch.scenario,
      load::to_text({.concurrency = batch.num_concurrency, .request_rate = batch.request_rate}));
}

Batch make_batch(std::span<const load::LevelRun> passes, const BatchContext& context) {
  Batch batch;
  batch.scenario = context.scenario;
  batch.request_rate = context.level.request_rate;
  batch.num_concurrency = context.level.request_rate ? peak_in_flight(passes) : context.level.concurrency;
  Totals totals;
  Samples samples;
  for (const auto& pass : passes) {
    count(pass, context.limits, batch, totals);
    collect(pass, context, samples);
    if (passes.size() > 1) batch.repeats.push_back(summary_of(pass));
  }
  set_rates(batch, totals, context.limits);
  for (auto& [metric, sample] : samples) {
    if (const auto statistics = summarise(std::move(sample))) batch.stats[metric] = *statistics;
  }
  auto checked = audit_of(passes, context, batch);
  batch.audit = std::move(checked.audit);
  batch.ci95 = intervals_of(passes, context, batch);
  widen(batch.ci95, checked.widening);
  return batch;
}

}  // namespace autotuner::metrics
