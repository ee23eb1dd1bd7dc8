#include "traffic/result_folder.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace autotuner::traffic {
namespace {

namespace fs = std::filesystem;
using base::Json;

base::Result<void> write_file(const fs::path& path, const Json& document) {
  // a reader never sees half a file
  const auto draft = path.string() + ".part";
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << base::to_pretty_text(document) << '\n';
    if (!file.flush()) return base::fail(base::ErrorKind::unavailable, "{}: can't be written", draft);
  }
  std::error_code error;
  fs::rename(draft, path, error);
  if (error) return base::fail(base::ErrorKind::unavailable, "{}: {}", path.string(), error.message());
  return {};
}

bool is_ours(const fs::directory_entry& entry) {
  const auto name = entry.path().filename().string();
  if (entry.is_directory())
    return name.starts_with("rep") && name.find_first_not_of("0123456789", 3) == std::string::npos;
  return name == "experiment_metadata.json" || name.starts_with("debug_for_run_") ||
         metrics::is_batch_file_name(name) || name.ends_with(".json.part");
}

base::Result<void> make_fresh(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return base::fail(base::ErrorKind::unavailable, "{}: {}", folder.string(), error.message());
  std::vector<fs::path> old;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (is_ours(*entry)) old.push_back(entry->path());
  }
  for (const auto& path : old) {
    if (!error) fs::remove_all(path, error);
  }
  if (error) return base::fail(base::ErrorKind::unavailable, "{}: {}", folder.string(), error.message());
  return {};
}

Json metadata(const load::Workload& workload, const ResultHead& head, const std::string& folder) {
  Json document;
  document["cmd"] = "autotuner";
  document["benchmark_version"] = nullptr;
  document["generator"] = "native";
  document["api_backend"] = head.runtime.empty() ? "openai" : head.runtime;
  document["api_base"] = head.url;
  document["api_model_name"] = head.model;
  document["server_model_tokenizer"] = workload.model_tokenizer;
  document["model"] = head.model;
  document["task"] = workload.task;
  document["num_concurrency"] = Json::array();
  document["request_rate"] = Json::array();
  for (const auto& level : workload.levels) {
    if (level.request_rate)
      document["request_rate"].push_back(*level.request_rate);
    else
      document["num_concurrency"].push_back(level.concurrency);
  }
  document["batch_size"] = nullptr;
  document["iteration_type"] = "num_concurrency";
  document["traffic_scenario"] = Json::array();
  for (const auto& scenario : workload.scenarios) document["traffic_scenario"].push_back(scenario.text());
  const auto additional = base::parse_json(workload.additional_params);
  document["additional_request_params"] = additional ? *additional : Json::object();
  document["server_engine"] = head.runtime.empty() ? Json(nullptr) : Json(head.runtime);
  document["server_version"] = head.version.empty() ? Json(nullptr) : Json(head.version);
  document["server_gpu_type"] = nullptr;
  document["server_gpu_count"] = nullptr;
  document["max_time_per_run_s"] = workload.max_time.count();
  document["max_requests_per_run"] = workload.max_requests;
  document["experiment_folder_name"] = folder;
  document["metrics_time_unit"] = "s";
  document["dataset_path"] = workload.dataset_url.empty() ? Json(nullptr) : Json(workload.dataset_url);
  document["seed"] = workload.seed;
  return document;
}

}  // namespace

base::Result<void> ResultFolder::open(const load::Workload& workload, const ResultHead& head) const {
  if (path_.empty()) return {};
  if (const auto made = make_fresh(path_); !made) return made;
  return write_file(fs::path(path_) / "experiment_metadata.json", metadata(workload, head, path_));
}

base::Result<void> ResultFolder::write_batch(const metrics::Batch& batch,
                                             std::span<const load::LevelRun> passes, const std::string& task,
                                             int pass) const {
  if (path_.empty()) return {};
  fs::path folder = path_;
  if (pass > 0) {
    folder /= fmt::format("rep{}", pass + 1);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return base::fail(base::ErrorKind::unavailable, "{}: {}", folder.string(), error.message());
  }
  return write_file(folder / metrics::batch_file_name(batch, task),
                    metrics::to_genai_document(batch, passes));
}

base::Result<void> ResultFolder::write_failed(const load::Scenario& scenario, const load::Level& level,
                                              const std::string& reason) const {
  if (path_.empty()) return {};
  const auto value =
      level.request_rate ? fmt::format("{:g}", *level.request_rate) : std::to_string(level.concurrency);
  const auto name = fmt::format("debug_for_run_{}_{}.json", scenario.file_name(), value);
  return write_file(fs::path(path_) / name,
                    Json{{"scenario", scenario.text()}, {"level", load::to_text(level)}, {"reason", reason}});
}

}  // namespace autotuner::traffic
