#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "engine/parallel.hpp"

namespace autotuner::engine {
namespace {

/// One kind of GPU group and its spellings, best first.
struct Dimension {
  int Factors::* member;
  std::array<std::string_view, 8> names;
};

constexpr Dimension dimensions[] = {
    {&Factors::tp,
     {"tensor-parallel-size", "tp-size", "tp_size", "tensor_parallel_size", "tp", "__parallel__tp"}},
    {&Factors::pp,
     {"pipeline-parallel-size", "pp-size", "pp_size", "pipeline_parallel_size", "pp", "__parallel__pp"}},
    {&Factors::dp,
     {"data-parallel-size", "dp-size", "dp_size", "data_parallel_size", "dp", "__parallel__dp"}},
    {&Factors::cp,
     {"context-parallel-size", "cp-size", "cp_size", "context_parallel_size", "cp", "__parallel__cp"}},
    {&Factors::dcp,
     {"decode-context-parallel-size", "dcp-size", "dcp_size", "decode_context_parallel_size", "dcp",
      "__parallel__dcp", "disagg-parallel-size", "disagg_parallel_size"}},
    {&Factors::pcp,
     {"prefill-context-parallel-size", "pcp-size", "pcp_size", "prefill_context_parallel_size", "pcp",
      "__parallel__pcp"}},
    {&Factors::ep,
     {"expert-parallel-size", "ep-size", "ep_size", "expert_parallel_size", "ep", "__parallel__ep"}},
};

constexpr int largest_factor = 1'000'000;

int clamped(double value) {
  if (!(value >= 1)) return 1;
  return value >= largest_factor ? largest_factor : static_cast<int>(value);
}

std::optional<double> largest(const base::Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return base::to_number(json.get<std::string>());
  if (json.is_array()) {
    std::optional<double> best;
    for (const auto& item : json) {
      const auto value = item.is_structured() ? std::nullopt : largest(item);
      if (value && (!best || *value > *best)) best = value;
    }
    return best;
  }
  if (!json.is_object()) return std::nullopt;
  if (const auto values = json.find("values"); values != json.end() && values->is_array())
    return largest(*values);
  return base::number_at(json, "high");
}

int lenient(const space::Value& value) {
  if (const auto number = value.as_number()) return clamped(*number);
  if (const auto text = value.as_text()) return clamped(base::to_number(base::trim(*text)).value_or(1));
  if (const auto* json = std::get_if<space::JsonValue>(&value.variant())) {
    const auto document = base::parse_json(json->canonical);
    return document ? clamped(largest(*document).value_or(1)) : 1;
  }
  return 1;
}

bool is_on(const space::Value* value) {
  if (value == nullptr) return false;
  return value->as_bool().value_or(value->as_text() == "true");
}

int product(std::initializer_list<int> factors) {
  std::int64_t result = 1;
  for (const int factor : factors)
    result = std::min<std::int64_t>(result * factor, std::numeric_limits<int>::max());
  return static_cast<int>(result);
}

/// GPUs that llama.cpp's tensor-split uses, nothing when it isn't set.
std::optional<int> split_gpus(const space::Point& point) {
  const auto* split = point.find("tensor-split");
  if (split == nullptr || split->is_null()) return std::nullopt;
  auto text = space::to_text(*split);
  text = base::replace_all(base::replace_all(text, "[", ""), "]", "");
  int used = 0;
  for (const auto& part : base::split(base::replace_all(text, "/", ","), ',')) {
    used += base::to_number(base::trim(part)).value_or(0) > 0 ? 1 : 0;
  }
  return std::max(used, 1);
}

bool keeps_to_cpu(const space::Point& point) {
  const auto* layers = point.find("n-gpu-layers");
  if (layers == nullptr) return false;
  return layers->as_number() == 0.0 || layers->as_text() == "0";
}

}  // namespace

Factors read_factors(const space::Point& point) {
  Factors factors;
  for (const auto& dimension : dimensions) {
    for (const auto name : dimension.names) {
      const auto* value = name.empty() ? nullptr : point.find(name);
      if (value == nullptr || value->is_null()) continue;
      factors.*dimension.member = lenient(*value);
      break;
    }
  }
  factors.dp_attention = is_on(point.find("enable-dp-attention")) ||
                         is_on(point.find("enable_dp_attention")) ||
                         is_on(point.find("__parallel__enable_dp_attention"));
  return factors;
}

int gpus_needed(const Factors& f, const space::Point& point, RuntimeId runtime, bool host_has_gpu) {
  switch (runtime) {
    case RuntimeId::vllm:
      return product({f.tp, f.pp, f.pcp, f.dp});
    case RuntimeId::sglang:
      return product({f.tp, f.pp, f.dp_attention ? 1 : f.dp});
    case RuntimeId::tensorrt_llm:
      return product({f.tp, f.pp, f.cp});
    case RuntimeId::sim:
      return product({f.tp, f.pp, f.dp});
    case RuntimeId::llamacpp:
      if (!host_has_gpu || keeps_to_cpu(point)) return 0;
      return split_gpus(point).value_or(std::max(f.tp, f.pp));
  }
  return 1;
}

std::string to_text(const Factors& f, int world_size) {
  std::string text = fmt::format("TP={}", f.tp);
  const std::pair<std::string_view, int> others[] = {{"PP", f.pp},   {"DP", f.dp},   {"CP", f.cp},
                                                     {"DCP", f.dcp}, {"PCP", f.pcp}, {"EP", f.ep}};
  for (const auto& [name, factor] : others) {
    if (factor > 1) text += fmt::format(", {}={}", name, factor);
  }
  return text + fmt::format(" (world_size={})", world_size);
}

}  // namespace autotuner::engine
