#include "metrics/aggregate.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

namespace autotuner::metrics {
namespace {

using Read = std::function<std::optional<double>(const Batch&)>;

/// One aggregate key: what is read from each batch, and how it is put together.
enum class Together { mean, min, max };
struct Row {
  std::string name;
  Together together;
  Read read;
};

Read statistic(std::string metric, std::string which) {
  return [metric = std::move(metric), which = std::move(which)](const Batch& b) {
    return b.stat(metric, which);
  };
}

Read throughput(double Batch::* member) {
  return [member](const Batch& b) { return b.has_throughput ? std::optional(b.*member) : std::nullopt; };
}

std::vector<Row> rows() {
  std::vector<Row> all{
      {"min_e2e_latency", Together::min, statistic("e2e_latency", "mean")},
      {"max_e2e_latency", Together::max, statistic("e2e_latency", "mean")},
      {"mean_output_speed", Together::mean, statistic("output_inference_speed", "mean")},
      {"mean_output_throughput", Together::mean, throughput(&Batch::mean_output_throughput)},
      {"max_output_throughput", Together::max, throughput(&Batch::mean_output_throughput)},
      {"mean_total_throughput", Together::mean, throughput(&Batch::mean_total_throughput)},
      {"max_total_throughput", Together::max, throughput(&Batch::mean_total_throughput)},
      {"mean_input_throughput", Together::mean, throughput(&Batch::mean_input_throughput)},
      {"requests_per_second", Together::mean,
       [](const Batch& b) { return std::optional(b.requests_per_second); }},
      {"goodput", Together::mean, [](const Batch& b) { return b.goodput; }},
      {"goodput_ratio", Together::mean, [](const Batch& b) { return b.goodput_ratio; }},
  };
  for (const auto* const metric : {"e2e_latency", "ttft", "tpot", "itl", "chunk_gap"}) {
    for (const auto* const which : {"mean", "p50", "p90", "p95", "p99"}) {
      all.push_back({fmt::format("{}_{}", which, metric), Together::mean, statistic(metric, which)});
    }
  }
  return all;
}

std::optional<double> put_together(const Row& row, const std::vector<Batch>& batches) {
  std::vector<double> values;
  for (const auto& batch : batches) {
    if (const auto value = row.read(batch)) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  switch (row.together) {
    case Together::mean:
      return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    case Together::min:
      return std::ranges::min(values);
    case Together::max:
      return std::ranges::max(values);
  }
  return std::nullopt;
}

void set_values(Metrics& metrics) {
  static const auto all_rows = rows();
  for (const auto& row : all_rows) {
    if (const auto value = put_together(row, metrics.kept)) metrics.values.set(row.name, *value);
  }
  double requests = 0;
  double completed = 0;
  double errors = 0;
  for (const auto& batch : metrics.kept) {
    requests += batch.num_requests;
    completed += batch.num_completed_requests;
    errors += batch.num_error_requests;
  }
  metrics.values.set("total_requests", requests);
  metrics.values.set("total_completed_requests", completed);
  metrics.values.set("total_error_requests", errors);
  if (requests > 0) metrics.values.set("success_rate", completed / requests);
  if (metrics.gpus <= 0) return;
  for (const auto* const name : {"mean_output_throughput", "max_output_throughput", "mean_total_throughput",
                                 "max_total_throughput", "mean_input_throughput", "goodput"}) {
    if (const auto whole = metrics.values.find(name))
      metrics.values.set(std::string(name) + "_per_gpu", *whole / metrics.gpus);
  }
}

/// Closed-loop levels before open-loop ones, each rising.
std::tuple<bool, double> level_order(const load::Level& level) {
  return {level.request_rate.has_value(), level.request_rate.value_or(level.concurrency)};
}

load::Level level_of(const Batch& batch) {
  return {.concurrency = batch.num_concurrency, .request_rate = batch.request_rate};
}

class ScenarioOrder {
 public:
  void add(const std::string& scenario) {
    if (std::ranges::find(names_, scenario) == names_.end()) names_.push_back(scenario);
  }
  std::ptrdiff_t place(const std::string& scenario) const {
    return std::ranges::find(names_, scenario) - names_.begin();
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

std::vector<std::string> broken_limits(const Slo& slo, const Batch& batch) {
  std::vector<std::string> reasons;
  for (const auto& check : evaluate(slo, batch).checks) {
    if (check.hard_violated()) reasons.push_back(to_text(check));
  }
  return reasons;
}

/// Largest level of a closed loop up to which every batch complies and none failed.
std::optional<int> largest_compliant(const std::vector<Batch>& batches,
                                     const std::vector<FailedBatch>& failed) {
  std::map<int, bool> complies;
  const auto note = [&](int concurrency, bool good) {
    const auto [at, added] = complies.emplace(concurrency, good);
    if (!added) at->second = at->second && good;
  };
  for (const auto& b : batches) {
    if (!b.request_rate) note(b.num_concurrency, b.slo != SloVerdict::violated);
  }
  for (const auto& f : failed) {
    if (!f.level.request_rate) note(f.level.concurrency, false);
  }
  std::optional<int> largest;
  for (const auto& [concurrency, good] : complies) {
    if (!good) break;
    largest = concurrency;
  }
  return largest;
}

/// Why the policy leaves this batch out of the aggregate; empty = it stays.
std::vector<std::string> reasons_to_drop(const Metrics& metrics, const Batch& batch, const Slo& slo,
                                         bool any_complies) {
  switch (slo.batch_policy) {
    case BatchPolicy::keep:
      return {};
    case BatchPolicy::drop:
      return any_complies ? broken_limits(slo, batch) : std::vector<std::string>{};
    case BatchPolicy::max_compliant:
      break;
  }
  const auto largest = metrics.max_compliant_concurrency;
  if (!largest || (!batch.request_rate && batch.num_concurrency == *largest)) return {};
  auto reasons = broken_limits(slo, batch);
  if (reasons.empty())
    reasons.push_back(fmt::format("only the largest compliant concurrency, {}, is scored", *largest));
  return reasons;
}

std::vector<OperatingPoint> default_best_points(const Metrics& metrics, const ScenarioOrder& order) {
  std::vector<OperatingPoint> best;
  const auto points = metrics.points();
  for (const auto& scenario : order.names()) {
    const Batch* leader = nullptr;
    for (const auto* point : points) {
      if (point->scenario != scenario) continue;
      const auto key = [](const Batch* b) {
        return std::tuple(std::max(b->slo, SloVerdict::met),
                          b->has_throughput ? -b->mean_total_throughput : 0.0);
      };
      if (!leader || key(point) < key(leader)) leader = point;
    }
    if (leader) best.push_back(point_of(*leader));
  }
  return best;
}

}  // namespace

MetricValues::MetricValues(std::initializer_list<std::pair<std::string_view, double>> values) {
  for (const auto& [name, value] : values) set(name, value);
}

void MetricValues::set(std::string_view name, double value) {
  const auto* info = find_metric(name);
  if (info == nullptr) return;
  // All rows stand in one array: the order of their addresses is the registry's.
  const auto place =
      std::ranges::lower_bound(values_, info, {}, &std::pair<const MetricInfo*, double>::first);
  if (place != values_.end() && place->first == info) {
    place->second = value;
  } else {
    values_.emplace(place, info, value);
  }
}

std::optional<double> MetricValues::find(std::string_view name) const {
  const auto found = std::ranges::find(values_, name, [](const auto& entry) { return entry.first->name; });
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

OperatingPoint point_of(const Batch& batch) {
  return {.scenario = batch.scenario, .level = level_of(batch)};
}

std::optional<double> Metrics::value(const std::string& name) const {
  if (name == "compliant_fraction") return compliant_fraction;
  if (name == "max_compliant_concurrency") return max_compliant_concurrency;
  if (name == "elapsed_time") return elapsed_time > 0 ? std::optional(elapsed_time) : std::nullopt;
  return values.find(name);
}

Audit Metrics::audit() const {
  Audit worst;
  for (const auto& batch : kept) worst.trust = std::max(worst.trust, batch.audit.trust);
  for (const auto trust : {Trust::invalid, Trust::noisy, Trust::valid}) {
    for (const auto& batch : kept) {
      for (const auto& finding : batch.audit.findings) {
        if (finding.trust != trust) continue;
        worst.findings.push_back({trust, fmt::format("{}: {}", to_text_of_point(batch), finding.text)});
      }
    }
  }
  return worst;
}

std::vector<const Batch*> Metrics::points() const {
  ScenarioOrder order;
  for (const auto& point : best_points) order.add(point.scenario);
  std::vector<const Batch*> all;
  for (const auto& batch : kept) all.push_back(&batch);
  for (const auto& batch : dropped) all.push_back(&batch.batch);
  for (const auto* batch : all) order.add(batch->scenario);
  std::ranges::sort(all, {}, [&](const Batch* b) {
    return std::tuple(order.place(b->scenario), level_order(level_of(*b)));
  });
  return all;
}

Metrics aggregate(std::vector<Batch> batches, std::vector<FailedBatch> failed, const Slo& slo, int gpus) {
  ScenarioOrder order;
  for (const auto& batch : batches) order.add(batch.scenario);
  std::ranges::sort(batches, {}, [&](const Batch& b) {
    return std::tuple(order.place(b.scenario), level_order(level_of(b)));
  });

  Metrics metrics;
  metrics.gpus = gpus;
  metrics.partial = !failed.empty();
  std::ptrdiff_t compliant = 0;
  for (auto& batch : batches) {
    batch.slo = evaluate(slo, batch).verdict;
    if (batch.slo != SloVerdict::violated) ++compliant;
  }
  if (!slo.empty() && !batches.empty()) {
    metrics.compliant_fraction = static_cast<double>(compliant) / static_cast<double>(batches.size());
    metrics.max_compliant_concurrency = largest_compliant(batches, failed);
  }
  metrics.failed = std::move(failed);
  for (auto& batch : batches) {
    auto reasons = reasons_to_drop(metrics, batch, slo, compliant > 0);
    if (reasons.empty())
      metrics.kept.push_back(std::move(batch));
    else
      metrics.dropped.push_back({.batch = std::move(batch), .reasons = std::move(reasons)});
  }
  set_values(metrics);
  metrics.best_points = default_best_points(metrics, order);
  return metrics;
}

Metrics aggregate_of(std::vector<Batch> batches, int gpus) {
  Metrics metrics;
  metrics.gpus = gpus;
  metrics.kept = std::move(batches);
  for (const auto& batch : metrics.kept) {
    if (std::ranges::none_of(metrics.best_points,
                             [&](const auto& p) { return p.scenario == batch.scenario; })) {
      metrics.best_points.push_back(point_of(batch));
    }
  }
  set_values(metrics);
  return metrics;
}

Metrics of_point(const Batch& batch, int gpus) {
  return aggregate_of({batch}, gpus);
}

}  // namespace autotuner::metrics
