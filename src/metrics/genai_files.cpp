#include <regex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "metrics/batch.hpp"
#include "metrics/request.hpp"

namespace autotuner::metrics {
namespace {

using base::Json;

/// genai-bench takes a null figure of a successful request for a fault of the file: it is left out.
Json request_to_json(const load::RequestRecord& record) {
  Json json = Json::object();
  if (record.ok()) {
    const auto figures = figures_of(record);
    for (const auto& column : figure_columns()) {
      const auto& value = figures.*column.member;
      if (!value) continue;
      if (column.is_count)
        json[column.name] = static_cast<std::int64_t>(*value);
      else
        json[column.name] = base::number_or_null(*value);
    }
    json["chunk_gap"] = figures.chunk_gaps;
    json["itl"] = figures.itl;
  }
  json["scheduled"] = to_seconds(record.scheduled);
  json["sent"] = to_seconds(record.sent);
  json["chunks"] = record.chunks.size();
  json["error_code"] = record.error_code ? Json(*record.error_code) : Json(nullptr);
  json["error_message"] = record.error_code ? Json(record.error_message) : Json(nullptr);
  return json;
}

}  // namespace

Json to_genai_document(const Batch& batch, std::span<const load::LevelRun> passes) {
  Json requests = Json::array();
  for (const auto& pass : passes) {
    for (const auto& record : pass.records) {
      if (record.finished()) requests.push_back(request_to_json(record));
    }
  }
  return {{"aggregated_metrics", to_json(batch)},
          {"individual_request_metrics", std::move(requests)},
          {"_time_unit", "s"}};
}

std::string batch_file_name(const Batch& batch, const std::string& task) {
  std::string scenario;
  for (const char c : batch.scenario) {
    if (c == ',' || c == '/')
      scenario += '_';
    else if (c != '(' && c != ')')
      scenario += c;
  }
  const auto level = batch.request_rate ? fmt::format("request_rate_{:g}", *batch.request_rate)
                                        : fmt::format("num_concurrency_{}", batch.num_concurrency);
  return fmt::format("{}_{}_{}_time_{}s.json", scenario, task, level,
                     static_cast<long long>(batch.run_duration));
}

bool is_batch_file_name(const std::string& name) {
  const std::regex pattern(R"(.+_.+_((concurrency|batch_size)_\d+|request_rate_[\d.e+-]+)_time_\d+s\.json)");
  return std::regex_match(name, pattern);
}

}  // namespace autotuner::metrics
