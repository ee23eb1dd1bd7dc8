#include "tuning/premises.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

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

}  // namespace

Premises premises_of(const Json& model_config, GpuFacts gpu) {
  Premises premises{.gpu = std::move(gpu)};
  if (auto shape = predict::shape_from_config(model_config)) premises.model = *shape;
  return premises;
}

Json to_json(const Premises& premises) {
  return {{"gpu", {{"name", premises.gpu.name}, {"memory_gib", premises.gpu.memory_gib}}},
          {"model", premises.model ? to_json(*premises.model) : Json(nullptr)}};
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
  return premises;
}

}  // namespace autotuner::tuning
