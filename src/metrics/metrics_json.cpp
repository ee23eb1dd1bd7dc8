#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "metrics/aggregate.hpp"
#include "metrics/json_fields.hpp"
#include "metrics/registry.hpp"

namespace autotuner::metrics {
namespace {

using base::Json;
using base::number_at;
using base::number_or_null;
using base::text_at;

/// Members of their own, though they are in the registry.
bool is_member(std::string_view name) {
  return name == "compliant_fraction" || name == "max_compliant_concurrency" || name == "elapsed_time";
}

Json batch_with_per_gpu(const Batch& batch, int gpus) {
  Json json = to_json(batch);
  if (gpus <= 0 || !batch.has_throughput) return json;
  json["mean_output_throughput_per_gpu"] = number_or_null(batch.mean_output_throughput / gpus);
  json["mean_input_throughput_per_gpu"] = number_or_null(batch.mean_input_throughput / gpus);
  json["mean_total_throughput_per_gpu"] = number_or_null(batch.mean_total_throughput / gpus);
  return json;
}

Json level_to_json(const std::string& scenario, const load::Level& level) {
  Json json{{"scenario", scenario}, {"num_concurrency", level.concurrency}};
  if (level.request_rate) json["request_rate"] = *level.request_rate;
  return json;
}

load::Level level_from_json(const Json& json) {
  return {.concurrency = count_at(json, "num_concurrency"), .request_rate = number_at(json, "request_rate")};
}

Json levels_of(const std::vector<Batch>& batches) {
  std::set<int> levels;
  for (const auto& batch : batches) levels.insert(batch.num_concurrency);
  return levels;
}

/// Calls `each` for every element of the array `key`; a missing or null array has none.
template <class Each>
base::Result<void> for_each_in(const Json& json, std::string_view key, Each each) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return {};
  if (!found->is_array())
    return base::invalid_input("metrics.{} is {}; must be an array", key, found->type_name());
  for (const auto& element : *found) {
    if (!element.is_object())
      return base::invalid_input("metrics.{} holds {}; must hold objects", key, element.type_name());
    if (base::Result<void> done = each(element); !done) return done;
  }
  return {};
}

base::Result<void> read_batches(const Json& json, Metrics& metrics) {
  auto kept = for_each_in(json, "raw_results", [&](const Json& element) -> base::Result<void> {
    auto batch = batch_from_json(element);
    if (!batch) return tl::unexpected(batch.error());
    metrics.kept.push_back(std::move(*batch));
    return {};
  });
  if (!kept) return kept;
  return for_each_in(json, "dropped_batches", [&](const Json& element) -> base::Result<void> {
    auto batch = batch_from_json(element);
    if (!batch) return tl::unexpected(batch.error());
    auto& dropped = metrics.dropped.emplace_back(DroppedBatch{.batch = std::move(*batch), .reasons = {}});
    if (const auto reasons = element.find("reasons"); reasons != element.end() && reasons->is_array()) {
      for (const auto& reason : *reasons) {
        if (reason.is_string()) dropped.reasons.push_back(reason.get<std::string>());
      }
    }
    return {};
  });
}

base::Result<void> read_points(const Json& json, Metrics& metrics) {
  auto failed = for_each_in(json, "failed_batches", [&](const Json& element) -> base::Result<void> {
    metrics.failed.push_back({.scenario = text_at(element, "scenario").value_or(""),
                              .level = level_from_json(element),
                              .reason = text_at(element, "reason").value_or("")});
    return {};
  });
  if (!failed) return failed;
  return for_each_in(json, "best_points", [&](const Json& element) -> base::Result<void> {
    metrics.best_points.push_back(
        {.scenario = text_at(element, "scenario").value_or(""), .level = level_from_json(element)});
    return {};
  });
}

}  // namespace

Json to_json(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& info : all_metrics()) {
    const auto value = metrics.values.find(info.name);
    if (!value) continue;
    json[info.name] = info.unit == "count" ? Json(std::llround(*value)) : number_or_null(*value);
  }
  json["num_result_files"] = metrics.kept.size();
  json["concurrency_levels"] = levels_of(metrics.kept);
  json["raw_results"] = Json::array();
  for (const auto& batch : metrics.kept)
    json["raw_results"].push_back(batch_with_per_gpu(batch, metrics.gpus));
  json["dropped_batches"] = Json::array();
  for (const auto& dropped : metrics.dropped) {
    auto& element = json["dropped_batches"].emplace_back(batch_with_per_gpu(dropped.batch, metrics.gpus));
    element["reasons"] = dropped.reasons;
  }
  json["failed_batches"] = Json::array();
  for (const auto& failed : metrics.failed) {
    json["failed_batches"].emplace_back(level_to_json(failed.scenario, failed.level))["reason"] =
        failed.reason;
  }
  json["best_points"] = Json::array();
  for (const auto& point : metrics.best_points)
    json["best_points"].push_back(level_to_json(point.scenario, point.level));
  json["compliant_fraction"] = number_or_null(metrics.compliant_fraction);
  json["max_compliant_concurrency"] =
      metrics.max_compliant_concurrency ? Json(*metrics.max_compliant_concurrency) : Json(nullptr);
  json["gpus"] = metrics.gpus;
  json["partial"] = metrics.partial;
  json["generator"] = metrics.generator;
  json["client_warning"] = metrics.client_warning.empty() ? Json(nullptr) : Json(metrics.client_warning);
  json["audit"] = audit_to_json(metrics.audit());
  json["simulated"] = metrics.simulated;
  json["benchmark_name"] = metrics.benchmark_name;
  json["elapsed_time"] = number_or_null(metrics.elapsed_time);
  return json;
}

base::Result<Metrics> metrics_from_json(const Json& json) {
  if (!json.is_object()) return base::invalid_input("metrics is {}; must be an object", json.type_name());
  Metrics metrics;
  for (const auto& info : all_metrics()) {
    const auto value = number_at(json, info.name);
    if (value && !is_member(info.name)) metrics.values.set(info.name, *value);
  }
  if (const auto read = read_batches(json, metrics); !read) return tl::unexpected(read.error());
  if (const auto read = read_points(json, metrics); !read) return tl::unexpected(read.error());
  metrics.compliant_fraction = number_at(json, "compliant_fraction");
  if (number_at(json, "max_compliant_concurrency")) {
    metrics.max_compliant_concurrency = count_at(json, "max_compliant_concurrency");
  }
  metrics.gpus = count_at(json, "gpus");
  metrics.partial = flag_at(json, "partial");
  metrics.generator = text_at(json, "generator").value_or("native");
  metrics.client_warning = text_at(json, "client_warning").value_or("");
  metrics.simulated = flag_at(json, "simulated");
  metrics.benchmark_name = text_at(json, "benchmark_name").value_or("");
  metrics.elapsed_time = number_at(json, "elapsed_time").value_or(0);
  return metrics;
}

}  // namespace autotuner::metrics
