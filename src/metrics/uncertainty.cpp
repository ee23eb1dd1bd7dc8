#include "metrics/uncertainty.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "metrics/request.hpp"

namespace autotuner::metrics {
namespace {

using Counter =
    std::function<void(const load::RequestRecord&, const std::function<void(load::Nanoseconds, double)>&)>;

/// Windows of at least 2 s and two mean requests, so that one window's luck isn't the next one's; a short run
/// gets five windows as long as each still holds a mean request. 0 = too short for any.
double window_length(double duration, double mean_latency) {
  const double wanted = std::max(2.0, 2 * mean_latency);
  if (duration >= 5 * wanted) return wanted;
  const double shorter = duration / 5;
  return shorter > 0 && shorter >= mean_latency ? shorter : 0;
}

/// Tokens fall where they arrived: the prompt's at the first token, the answer's spread over its chunks.
void count_input(const load::RequestRecord& r, const std::function<void(load::Nanoseconds, double)>& add) {
  add(r.first_token.value_or(*r.end), r.input_tokens);
}

void count_output(const load::RequestRecord& r, const std::function<void(load::Nanoseconds, double)>& add) {
  if (r.chunks.empty()) {
    add(*r.end, r.output_tokens);
    return;
  }
  const double each = r.output_tokens / static_cast<double>(r.chunks.size());
  for (const auto at : r.chunks) add(at, each);
}

/// Totals of all passes' windows, scaled to the length `window`.
std::vector<double> window_totals(std::span<const load::LevelRun> passes, double window,
                                  const std::vector<Counter>& counters) {
  std::vector<double> totals;
  for (const auto& pass : passes) {
    const double duration = to_seconds(pass.duration);
    const auto count = static_cast<std::size_t>(duration / window + 1e-9);
    if (count == 0) continue;
    const double length = duration / static_cast<double>(count);
    std::vector<double> own(count);
    const auto add = [&](load::Nanoseconds at, double tokens) {
      const auto index = static_cast<std::size_t>(std::max(0.0, to_seconds(at) / length));
      own[std::min(index, count - 1)] += tokens * window / length;
    };
    for (const auto* record : completed(pass)) {
      for (const auto& counter : counters) counter(*record, add);
    }
    totals.insert(totals.end(), own.begin(), own.end());
  }
  return totals;
}

/// How long unfinished requests had waited for their first token, or for their end, when the level stopped.
std::vector<double> waits(std::span<const load::LevelRun> passes, bool for_first_token) {
  std::vector<double> ages;
  for (const auto& pass : passes) {
    for (const auto& record : pass.records) {
      if (record.finished() || (for_first_token && record.first_token)) continue;
      ages.push_back(std::max(0.0, to_seconds(pass.duration - record.scheduled)));
    }
  }
  return ages;
}

struct Series {
  std::vector<double> values;  ///< in order of completion
  std::vector<double> ages;    ///< lower bounds of values that never came
};

/// An age says something about a figure only once it is beyond it: then it counts as a value that is at least
/// so large.
std::vector<double> with_ages(const Series& series, double figure) {
  auto values = series.values;
  std::ranges::copy_if(series.ages, std::back_inserter(values), [&](double age) { return age > figure; });
  return values;
}

void add_latency(std::map<std::string, Interval>& intervals, const std::string& metric, const Series& series,
                 std::size_t group) {
  static constexpr std::array<std::pair<const char*, double>, 4> percentiles{
      {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}}};
  if (series.values.empty()) return;
  const double mean = std::accumulate(series.values.begin(), series.values.end(), 0.0) /
                      static_cast<double>(series.values.size());
  if (const auto interval = series_mean_interval(with_ages(series, mean), group))
    intervals["mean_" + metric] = *interval;
  auto sorted = series.values;
  std::ranges::sort(sorted);
  const double worth = effective_count(series.values) / static_cast<double>(series.values.size());
  for (const auto& [name, q] : percentiles) {
    auto known = with_ages(series, percentile_of_sorted(sorted, q));
    std::ranges::sort(known);
    const auto interval = percentile_interval(known, q, worth * static_cast<double>(known.size()));
    if (interval) intervals[std::string(name) + "_" + metric] = *interval;
  }
}

}  // namespace

std::map<std::string, Interval> intervals_of(std::span<const load::LevelRun> passes,
                                             const BatchContext& context, const Batch& batch) {
  std::map<std::string, Interval> intervals;
  const double latency = batch.stat("e2e_latency", "mean").value_or(0);
  const double window = window_length(
      batch.run_duration / static_cast<double>(std::max<std::size_t>(passes.size(), 1)), latency);
  if (window > 0) {
    const auto add = [&](const char* name, const std::vector<Counter>& counters) {
      if (const auto interval = rate_interval(window_totals(passes, window, counters), window))
        intervals[name] = *interval;
    };
    add("mean_output_throughput", {count_output});
    add("mean_total_throughput", {count_input, count_output});
  }
  Series ttft{{}, waits(passes, true)};
  Series e2e{{}, waits(passes, false)};
  Series tpot;
  for (const auto& pass : passes) {
    for (const auto* record : completed(pass, context.warmup_ratio, context.cooldown_ratio)) {
      const auto figures = figures_of(*record);
      if (figures.ttft) ttft.values.push_back(*figures.ttft);
      if (figures.tpot) tpot.values.push_back(*figures.tpot);
      if (figures.e2e_latency) e2e.values.push_back(*figures.e2e_latency);
    }
  }
  // Requests in flight together share the engine's fortune: a group holds as many as were served at once.
  const auto group = static_cast<std::size_t>(std::max(1, batch.num_concurrency));
  add_latency(intervals, "ttft", ttft, group);
  add_latency(intervals, "tpot", tpot, group);
  add_latency(intervals, "e2e_latency", e2e, group);
  return intervals;
}

void widen(std::map<std::string, Interval>& intervals, double share) {
  for (auto& [name, interval] : intervals) {
    const double by = share * std::abs(interval.low + interval.high) / 2;
    interval.low -= by;
    interval.high += by;
  }
}

}  // namespace autotuner::metrics
