#include "store/run_metadata.hpp"

#include <array>

#include <nlohmann/json.hpp>

namespace autotuner::store {
namespace {

using base::Json;

constexpr std::array modes = {spec::DeploymentMode::docker, spec::DeploymentMode::local,
                              spec::DeploymentMode::ome};

std::uint64_t count_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

Json with_run(Json metadata, const tuning::Run& run) {
  if (!metadata.is_object()) metadata = Json::object();
  Json host = Json::array();
  for (const auto& fact : run.host) {
    host.push_back(
        {{"name", fact.name}, {"state", fact.state}, {"value", fact.value}, {"remedy", fact.remedy}});
  }
  // Whether figures count per GPU depends on the host that the run was started on, not on who reads it.
  metadata["run"] = {{"seed", run.seed},
                     {"per_gpu", run.task.per_gpu},
                     {"mode", spec::to_text(run.mode)},
                     {"space_points", run.space_points},
                     {"space_valid", run.space_valid},
                     {"space_distinct", run.space_distinct},
                     {"host", std::move(host)}};
  if (run.premises) metadata["run"]["premises"] = tuning::to_json(*run.premises);
  return metadata;
}

void read_run(const Json& metadata, tuning::Run& run) {
  if (!metadata.is_object()) return;
  const auto found = metadata.find("run");
  if (found == metadata.end() || !found->is_object()) return;
  run.seed = count_at(*found, "seed");
  if (const auto per_gpu = found->find("per_gpu"); per_gpu != found->end() && per_gpu->is_boolean()) {
    run.task.per_gpu = per_gpu->get<bool>();
  }
  run.space_points = count_at(*found, "space_points");
  run.space_valid = count_at(*found, "space_valid");
  run.space_distinct = count_at(*found, "space_distinct");
  for (const auto mode : modes) {
    if (base::text_at(*found, "mode") == spec::to_text(mode)) run.mode = mode;
  }
  if (const auto premises = found->find("premises"); premises != found->end())
    run.premises = tuning::premises_from_json(*premises);
  const auto host = found->find("host");
  if (host == found->end() || !host->is_array()) return;
  for (const auto& fact : *host) {
    run.host.push_back({.name = base::text_at(fact, "name").value_or(""),
                        .state = base::text_at(fact, "state").value_or(""),
                        .value = base::text_at(fact, "value").value_or(""),
                        .remedy = base::text_at(fact, "remedy").value_or("")});
  }
}

base::Result<Json> with_checkpoint(Json metadata, const std::string& checkpoint, const Secrets& secrets) {
  if (!metadata.is_object()) metadata = Json::object();
  if (checkpoint.empty()) return metadata;
  auto document = base::parse_json(checkpoint);
  if (!document) return base::invalid_input("the checkpoint can't be stored: {}", document.error().message);
  if (!document->is_object())
    return base::invalid_input("the checkpoint can't be stored: it must be a JSON object");
  metadata["checkpoint"] = without_secrets(std::move(*document), secrets);
  return metadata;
}

Json without_checkpoint(Json metadata) {
  if (metadata.is_object()) metadata.erase("checkpoint");
  return metadata;
}

}  // namespace autotuner::store
