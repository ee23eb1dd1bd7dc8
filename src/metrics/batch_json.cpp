#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "metrics/batch.hpp"
#include "metrics/json_fields.hpp"
#include "metrics/request.hpp"
#include "metrics/statistics_columns.hpp"

namespace autotuner::metrics {
namespace {

using base::Json;
using base::number_at;
using base::number_or_null;
using base::text_at;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Json to_json(const Statistics* statistics) {
  Json json = Json::object();
  for (const auto& [name, member] : statistics_columns) {
    json[name] = statistics ? number_or_null(statistics->*member) : Json(nullptr);
  }
  if (statistics) json["count"] = statistics->count;
  return json;
}

/// genai-bench's own names always, as an object of nulls when there is no value: its reader wants an object.
Json stats_to_json(const Batch& batch) {
  Json stats = Json::object();
  for (const auto& column : figure_columns()) {
    const auto found = batch.stats.find(std::string(column.name));
    stats[column.name] = to_json(found == batch.stats.end() ? nullptr : &found->second);
  }
  for (const auto& [metric, statistics] : batch.stats) {
    if (!stats.contains(metric)) stats[metric] = to_json(&statistics);
  }
  return stats;
}

Json audit_to_json(const Audit& audit) {
  Json json{{"valid", audit.trust != Trust::invalid},
            {"trust", to_text(audit.trust)},
            {"reasons", Json::array()},
            {"findings", Json::array()}};
  for (const auto& finding : audit.findings) {
    if (finding.trust != Trust::valid) json["reasons"].push_back(finding.text);
    json["findings"].push_back({{"trust", to_text(finding.trust)}, {"text", finding.text}});
  }
  return json;
}

Json repeats_to_json(const std::vector<RepeatSummary>& repeats) {
  Json json = Json::array();
  for (const auto& repeat : repeats) {
    json.push_back({{"run_duration", number_or_null(repeat.run_duration)},
                    {"mean_total_tokens_throughput_tokens_per_s", number_or_null(repeat.total_throughput)},
                    {"ttft_mean", number_or_null(repeat.ttft_mean)},
                    {"tpot_mean", number_or_null(repeat.tpot_mean)}});
  }
  return json;
}

void add_own_fields(Json& json, const Batch& batch) {
  json["num_unfinished"] = batch.num_unfinished;
  json["goodput"] = number_or_null(batch.goodput);
  json["goodput_ratio"] = number_or_null(batch.goodput_ratio);
  if (batch.request_rate) json["request_rate"] = *batch.request_rate;
  if (!batch.repeats.empty()) json["repeats"] = repeats_to_json(batch.repeats);
  json["ci95"] = Json::object();
  for (const auto& [name, interval] : batch.ci95) {
    json["ci95"][name] = Json::array({number_or_null(interval.low), number_or_null(interval.high)});
  }
  json["slo"] = to_text(batch.slo);
  json["audit"] = audit_to_json(batch.audit);
  json["stopped"] = batch.stopped;
  json["short_answers"] = batch.short_answers;
  json["tokens_estimated"] = batch.tokens_estimated;
  json["foreign_cpu"] = number_or_null(batch.foreign_cpu);
}

Trust trust_from_text(const std::string& text) {
  for (const auto trust : {Trust::valid, Trust::noisy}) {
    if (text == to_text(trust)) return trust;
  }
  return Trust::invalid;
}

/// The member if it is an object or array of that kind, else an empty one.
Json part_at(const Json& json, std::string_view key, Json::value_t kind) {
  const auto found = json.find(key);
  return found != json.end() && found->type() == kind ? *found : Json(kind);
}

Audit audit_from_json(const Json& json) {
  Audit audit;
  if (const auto trust = text_at(json, "trust"))
    audit.trust = trust_from_text(*trust);
  else if (const auto found = json.find("valid"); found != json.end() && *found == false)
    audit.trust = Trust::invalid;
  for (const auto& finding : part_at(json, "findings", Json::value_t::array)) {
    audit.findings.push_back({.trust = trust_from_text(text_at(finding, "trust").value_or("")),
                              .text = text_at(finding, "text").value_or("")});
  }
  return audit;
}

bool is_latency(std::string_view metric) {
  return metric == "ttft" || metric == "tpot" || metric == "e2e_latency" || metric == "output_latency";
}

void read_stats(const Json& json, bool milliseconds, Batch& batch) {
  const auto stats = part_at(json, "stats", Json::value_t::object);
  for (const auto& [metric, values] : stats.items()) {
    const double scale = milliseconds && is_latency(metric) ? 1000 : 1;
    Statistics statistics;
    bool any = false;
    for (const auto& [name, member] : statistics_columns) {
      const auto value = number_at(values, name);
      any = any || value.has_value();
      statistics.*member = value ? *value / scale : missing;
    }
    if (!any) continue;
    statistics.count = static_cast<std::size_t>(
        std::max(0.0, number_at(values, "count").value_or(batch.num_completed_requests)));
    batch.stats[metric] = statistics;
  }
}

void read_throughput(const Json& json, Batch& batch) {
  const auto input = number_at(json, "mean_input_throughput_tokens_per_s");
  const auto output = number_at(json, "mean_output_throughput_tokens_per_s");
  auto total = number_at(json, "mean_total_tokens_throughput_tokens_per_s");
  if (!total && input && output) total = *input + *output;
  batch.has_throughput = total.has_value();
  batch.mean_input_throughput = input.value_or(0);
  batch.mean_output_throughput = output.value_or(0);
  batch.mean_total_throughput = total.value_or(0);
  const double completed_rate =
      batch.run_duration > 0 ? batch.num_completed_requests / batch.run_duration : 0;
  const auto per_minute = number_at(json, "requests_per_minute");
  batch.requests_per_second =
      number_at(json, "requests_per_second").value_or(per_minute ? *per_minute / 60 : completed_rate);
}

void read_counts(const Json& json, Batch& batch) {
  batch.num_completed_requests = count_at(json, "num_completed_requests");
  batch.num_error_requests = count_at(json, "num_error_requests");
  batch.num_requests = number_at(json, "num_requests")
                           ? count_at(json, "num_requests")
                           : batch.num_completed_requests + batch.num_error_requests;
  batch.num_unfinished = count_at(json, "num_unfinished");
  batch.short_answers = count_at(json, "short_answers");
  const auto codes = part_at(json, "error_codes_frequency", Json::value_t::object);
  for (const auto& [code, frequency] : codes.items()) {
    const auto number = base::to_number(code);
    if (number && std::abs(*number) < 1e6 && frequency.is_number()) {
      batch.error_codes[static_cast<int>(*number)] = count_at(codes, code);
    }
  }
}

void read_own_fields(const Json& json, Batch& batch) {
  batch.goodput = number_at(json, "goodput");
  batch.goodput_ratio = number_at(json, "goodput_ratio");
  batch.stopped = text_at(json, "stopped").value_or("");
  batch.tokens_estimated = flag_at(json, "tokens_estimated");
  batch.foreign_cpu = number_at(json, "foreign_cpu").value_or(0);
  const auto slo = text_at(json, "slo");
  for (const auto verdict : {SloVerdict::met, SloVerdict::missed, SloVerdict::violated}) {
    if (slo == to_text(verdict)) batch.slo = verdict;
  }
  for (const auto& repeat : part_at(json, "repeats", Json::value_t::array)) {
    batch.repeats.push_back(
        {.run_duration = number_at(repeat, "run_duration").value_or(0),
         .total_throughput = number_at(repeat, "mean_total_tokens_throughput_tokens_per_s"),
         .ttft_mean = number_at(repeat, "ttft_mean"),
         .tpot_mean = number_at(repeat, "tpot_mean")});
  }
  const auto intervals = part_at(json, "ci95", Json::value_t::object);
  for (const auto& [name, bounds] : intervals.items()) {
    if (!bounds.is_array() || bounds.size() != 2 || !bounds[0].is_number() || !bounds[1].is_number())
      continue;
    batch.ci95[name] = {.low = bounds[0].get<double>(), .high = bounds[1].get<double>()};
  }
  batch.audit = audit_from_json(part_at(json, "audit", Json::value_t::object));
}

}  // namespace

Json to_json(const Batch& batch) {
  const auto throughput = [&](double value) {
    return batch.has_throughput ? number_or_null(value) : Json(nullptr);
  };
  Json json;
  json["scenario"] = batch.scenario;
  json["num_concurrency"] = batch.num_concurrency;
  json["batch_size"] = 1;
  json["iteration_type"] = batch.request_rate ? "request_rate" : "num_concurrency";
  json["run_duration"] = number_or_null(batch.run_duration);
  json["mean_output_throughput_tokens_per_s"] = throughput(batch.mean_output_throughput);
  json["mean_input_throughput_tokens_per_s"] = throughput(batch.mean_input_throughput);
  json["mean_total_tokens_throughput_tokens_per_s"] = throughput(batch.mean_total_throughput);
  json["requests_per_second"] = number_or_null(batch.requests_per_second);
  json["error_codes_frequency"] = Json::object();
  for (const auto& [code, frequency] : batch.error_codes)
    json["error_codes_frequency"][std::to_string(code)] = frequency;
  json["error_rate"] =
      batch.num_requests > 0 ? static_cast<double>(batch.num_error_requests) / batch.num_requests : 0.0;
  json["num_error_requests"] = batch.num_error_requests;
  json["num_completed_requests"] = batch.num_completed_requests;
  json["num_requests"] = batch.num_requests;
  json["stats"] = stats_to_json(batch);
  add_own_fields(json, batch);
  return json;
}

base::Result<Batch> batch_from_json(const Json& document) {
  if (!document.is_object())
    return base::invalid_input("batch result is {}; must be an object", document.type_name());
  const bool milliseconds = text_at(document, "_time_unit").value_or("s") == "ms";
  const auto nested = document.find("aggregated_metrics");
  const Json& json = nested == document.end() ? document : *nested;
  const auto scenario = text_at(json, "scenario");
  if (!scenario)
    return base::invalid_input("batch result has no scenario; must be a text such as D(100,100)");
  Batch batch;
  batch.scenario = *scenario;
  batch.request_rate = number_at(json, "request_rate");
  if (!number_at(json, "num_concurrency") && !batch.request_rate) {
    return base::invalid_input("batch result of {} has neither num_concurrency nor request_rate", *scenario);
  }
  batch.num_concurrency = count_at(json, "num_concurrency");
  batch.run_duration = number_at(json, "run_duration").value_or(0);
  read_counts(json, batch);
  read_throughput(json, batch);
  read_stats(json, milliseconds, batch);
  read_own_fields(json, batch);
  return batch;
}

}  // namespace autotuner::metrics
