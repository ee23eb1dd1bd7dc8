#include "tuning/kernels_json.hpp"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::tuning {
namespace {

using base::Json;
using predict::Curve;
using predict::ModelKernels;
using predict::NumberFormat;
using predict::Surface;

Json to_json(const Curve& curve) {
  Json list = Json::array();
  for (const auto& [size, seconds] : curve.places()) {
    list.push_back(size);
    list.push_back(seconds);
  }
  return list;
}

Json to_json(const Surface& surface) {
  Json list = Json::array();
  for (const auto& [size, curve] : surface.rows()) list.push_back({{"at", size}, {"curve", to_json(curve)}});
  return list;
}

template <class Kernel>
Json to_json(const std::map<NumberFormat, Kernel>& kernels) {
  Json json = Json::object();
  for (const auto& [format, kernel] : kernels) json[std::string(predict::to_text(format))] = to_json(kernel);
  return json;
}

std::optional<Curve> curve_from_json(const Json& json) {
  if (!json.is_array() || json.size() % 2 != 0) return std::nullopt;
  std::vector<Curve::Place> places;
  for (std::size_t i = 0; i < json.size(); i += 2) {
    if (!json[i].is_number() || !json[i + 1].is_number()) return std::nullopt;
    places.push_back({json[i].get<double>(), json[i + 1].get<double>()});
  }
  return Curve(std::move(places));
}

std::optional<Surface> surface_from_json(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<std::pair<double, Curve>> rows;
  for (const auto& row : json) {
    const auto at = row.is_object() ? base::number_at(row, "at") : std::nullopt;
    auto curve = row.is_object() ? curve_from_json(row.value("curve", Json())) : std::nullopt;
    if (!at || !curve) return std::nullopt;
    rows.emplace_back(*at, std::move(*curve));
  }
  return Surface(std::move(rows));
}

/// Kernels by the format of the cache.
template <class Kernel>
bool read_formats(const Json& json, std::optional<Kernel> (*read)(const Json&),
                  std::map<NumberFormat, Kernel>& kernels) {
  if (!json.is_object()) return false;
  for (const auto& [word, value] : json.items()) {
    const auto format = predict::find_format(word);
    auto kernel = read(value);
    if (!format || !kernel) return false;
    kernels[*format] = std::move(*kernel);
  }
  return true;
}

bool read_curve(const Json& json, Curve& curve) {
  auto read = curve_from_json(json);
  if (read) curve = std::move(*read);
  return read.has_value();
}

std::optional<ModelKernels::Width> width_from_json(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  ModelKernels::Width width;
  const bool whole = read_curve(json.value("products", Json()), width.products) &&
                     read_curve(json.value("head", Json()), width.head) &&
                     read_curve(json.value("reduce", Json()), width.reduce) &&
                     read_formats(json.value("prefill", Json()), curve_from_json, width.prefill) &&
                     read_formats(json.value("decode", Json()), surface_from_json, width.decode);
  return whole ? std::optional(std::move(width)) : std::nullopt;
}

}  // namespace

Json to_json(const predict::MeasuredKernels& measured) {
  Json widths = Json::object();
  for (const auto& [gpus, width] : measured.kernels.widths) {
    widths[base::to_shortest_text(gpus)] = {{"products", to_json(width.products)},
                                            {"head", to_json(width.head)},
                                            {"reduce", to_json(width.reduce)},
                                            {"prefill", to_json(width.prefill)},
                                            {"decode", to_json(width.decode)}};
  }
  return {{"source", measured.source},
          {"engine", std::string(predict::to_text(measured.kernels.engine))},
          {"device", measured.kernels.device},
          {"widths", std::move(widths)}};
}

std::optional<predict::MeasuredKernels> kernels_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("widths") || !json["widths"].is_object()) return std::nullopt;
  predict::MeasuredKernels measured{.source = base::text_at(json, "source").value_or("")};
  measured.kernels.engine = predict::find_engine(base::text_at(json, "engine").value_or(""));
  measured.kernels.device = base::text_at(json, "device").value_or("");
  for (const auto& [gpus, value] : json["widths"].items()) {
    const auto count = base::to_number(gpus);
    auto width = width_from_json(value);
    if (!count || !width) return std::nullopt;
    measured.kernels.widths[*count] = std::move(*width);
  }
  return measured;
}

}  // namespace autotuner::tuning
