#include "tuning/premises.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "tuning/kernels_json.hpp"

namespace autotuner::tuning {
namespace {

using base::Json;
using predict::ModelShape;

struct Size {
  const char* name;
  double ModelShape::* member;
  bool needed = true;  ///< above 0 in every model
};

constexpr Size sizes[] = {
    {"layers", &ModelShape::layers},
    {"hidden", &ModelShape::hidden},
    {"heads", &ModelShape::heads},
    {"kv_heads", &ModelShape::kv_heads},
    {"head_dim", &ModelShape::head_dim},
    {"vocab", &ModelShape::vocab},
    {"parameters", &ModelShape::parameters},
    {"experts", &ModelShape::experts, false},
    {"experts_per_token", &ModelShape::experts_per_token, false},
    {"expert_parameters", &ModelShape::expert_parameters, false},
    {"latent", &ModelShape::latent, false},
};

Json to_json(const ModelShape& shape) {
  Json json;
  for (const auto& size : sizes) json[size.name] = shape.*size.member;
  json["tied"] = shape.tied;
  json["weights"] = std::string(predict::to_text(shape.weights));
  return json;
}

std::optional<ModelShape> shape_from_json(const Json& json) {
  ModelShape shape;
  for (const auto& size : sizes) {
    const auto number = base::number_at(json, size.name).value_or(0);
    if (!std::isfinite(number) || number < 0 || (size.needed && number == 0)) return std::nullopt;
    shape.*size.member = number;
  }
  const auto tied = json.find("tied");
  shape.tied = tied != json.end() && tied->is_boolean() && tied->get<bool>();
  const auto weights = predict::find_format(base::text_at(json, "weights").value_or(""));
  if (!weights || predict::dense_parameters(shape) <= 0) return std::nullopt;
  shape.weights = *weights;
  return shape;
}

constexpr std::array memory_failures = {
    std::pair{"no_cache_room", search::Failure::no_cache_room},
    std::pair{"no_graph_room", search::Failure::no_graph_room},
    std::pair{"out_of_memory", search::Failure::out_of_memory},
    std::pair{"out_of_memory_load", search::Failure::out_of_memory_load},
};

Json to_json(const KnownFailure& known) {
  const auto* word =
      std::ranges::find(memory_failures, known.failure, &std::pair<const char*, search::Failure>::second);
  return {{"point", space::to_json(known.point)},
          {"failure", word == memory_failures.end() ? "out_of_memory" : word->first},
          {"engine_version", known.engine_version}};
}

Json to_json(const EarlierTask& earlier) {
  Json trials = Json::array();
  for (const auto& trial : earlier.trials) {
    trials.push_back({{"point", space::to_json(trial.point)},
                      {"metrics", Json(trial.metrics)},
                      {"expected", Json(trial.expected)}});
  }
  Json failures = Json::array();
  for (const auto& known : earlier.failures) failures.push_back(to_json(known));
  return {{"task_name", earlier.name},      {"model", earlier.model},      {"same_model", earlier.same_model},
          {"same_load", earlier.same_load}, {"trials", std::move(trials)}, {"failures", std::move(failures)}};
}

bool flag_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

const Json& list_at(const Json& json, const char* key) {
  static const Json none = Json::array();
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : none;
}

std::optional<space::Point> point_at(const Json& json) {
  const auto found = json.is_object() ? json.find("point") : json.end();
  if (found == json.end()) return std::nullopt;
  auto point = space::point_from_json(*found);
  return point ? std::optional(std::move(*point)) : std::nullopt;
}

std::map<std::string, double> numbers_at(const Json& json, const char* key) {
  std::map<std::string, double> numbers;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) return numbers;
  for (const auto& [name, value] : found->items()) {
    if (value.is_number()) numbers[name] = value.get<double>();
  }
  return numbers;
}

std::optional<EarlierTask> earlier_from_json(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  EarlierTask earlier{.name = base::text_at(json, "task_name").value_or(""),
                      .model = base::text_at(json, "model").value_or(""),
                      .same_model = flag_at(json, "same_model"),
                      .same_load = flag_at(json, "same_load")};
  for (const auto& trial : list_at(json, "trials")) {
    if (auto point = point_at(trial))
      earlier.trials.push_back(
          {earlier.name, std::move(*point), numbers_at(trial, "metrics"), numbers_at(trial, "expected")});
  }
  for (const auto& known : list_at(json, "failures")) {
    auto point = point_at(known);
    const auto text = base::text_at(known, "failure").value_or("");
    const auto* word =
        std::ranges::find(memory_failures, text, &std::pair<const char*, search::Failure>::first);
    if (point && word != memory_failures.end())
      earlier.failures.push_back(
          {std::move(*point), word->second, base::text_at(known, "engine_version").value_or("")});
  }
  return earlier;
}

}  // namespace

Premises premises_of(const Json& model_config, GpuFacts gpu) {
  Premises premises{.gpu = std::move(gpu)};
  if (auto shape = predict::shape_from_config(model_config)) premises.model = *shape;
  return premises;
}

Json to_json(const std::vector<EarlierTask>& earlier) {
  Json list = Json::array();
  for (const auto& task : earlier) {
    list.push_back({{"task_name", task.name},
                    {"model", task.model},
                    {"same_model", task.same_model},
                    {"same_load", task.same_load},
                    {"trials", task.trials.size()},
                    {"known_failures", task.failures.size()}});
  }
  return list;
}

Json to_json(const Premises& premises) {
  Json json = {{"gpu", {{"name", premises.gpu.name}, {"memory_gib", premises.gpu.memory_gib}}},
               {"model", premises.model ? to_json(*premises.model) : Json(nullptr)}};
  if (premises.kernels) json["kernels"] = to_json(*premises.kernels);
  for (const auto& earlier : premises.earlier) json["earlier"].push_back(to_json(earlier));
  return json;
}

Premises premises_from_json(const Json& json) {
  Premises premises;
  if (!json.is_object()) return premises;
  if (const auto gpu = json.find("gpu"); gpu != json.end() && gpu->is_object()) {
    premises.gpu.name = base::text_at(*gpu, "name").value_or("");
    premises.gpu.memory_gib = std::max(0.0, base::number_at(*gpu, "memory_gib").value_or(0));
  }
  if (const auto model = json.find("model"); model != json.end() && model->is_object())
    premises.model = shape_from_json(*model);
  if (const auto kernels = json.find("kernels"); kernels != json.end())
    premises.kernels = kernels_from_json(*kernels);
  for (const auto& json_of_task : list_at(json, "earlier")) {
    if (auto earlier = earlier_from_json(json_of_task)) premises.earlier.push_back(std::move(*earlier));
  }
  return premises;
}

}  // namespace autotuner::tuning
