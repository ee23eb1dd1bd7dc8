#include "predict/model_shape.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text.hpp"
#include "predict/fact_reader.hpp"
#include "predict/raw_shape.hpp"

namespace autotuner::predict {
namespace {

/// The proportions of Llama-like models: 12 hidden^2 parameters per layer, layers = hidden / 128.
void fill_from_parameters(RawShape& raw) {
  constexpr double per_layer = 12, hidden_per_layer = 128, step = 128;
  if (!raw.hidden) {
    const double size = raw.active.value_or(*raw.parameters) / per_layer;
    const double hidden = raw.layers ? std::sqrt(size / *raw.layers) : std::cbrt(size * hidden_per_layer);
    raw.hidden = std::max(step, std::round(hidden / step) * step);
  }
  if (!raw.layers) raw.layers = std::max(1.0, std::round(*raw.hidden / hidden_per_layer));
}

void fill_proportions(RawShape& raw) {
  constexpr double usual_head = 128, usual_kv_heads = 8, usual_vocab = 128'000;
  if (!raw.head_dim) raw.head_dim = raw.heads ? std::max(1.0, *raw.hidden / *raw.heads) : usual_head;
  if (!raw.heads) raw.heads = std::max(1.0, std::round(*raw.hidden / *raw.head_dim));
  if (!raw.kv_heads) raw.kv_heads = std::min(usual_kv_heads, *raw.heads);
  if (!raw.vocab) raw.vocab = usual_vocab;
}

double attention_parameters(const RawShape& raw) {
  return *raw.layers * *raw.hidden * *raw.head_dim * 2 * (*raw.heads + *raw.kv_heads);
}

/// Routed experts from their size, else from what of all parameters is active: active = all - experts (1 -
/// k/E).
double expert_parameters(const RawShape& raw) {
  if (!raw.experts || *raw.experts <= 1) return 0;
  const double share = raw.experts_per_token.value_or(1) / *raw.experts;
  if (raw.active && raw.parameters && share < 1)
    return std::max(0.0, (*raw.parameters - *raw.active) / (1 - share));
  const auto intermediate = raw.expert_intermediate ? raw.expert_intermediate : raw.intermediate;
  const double layers = std::max(1.0, *raw.layers - raw.dense_layers.value_or(0));
  if (intermediate) return layers * *raw.experts * 3 * *raw.hidden * *intermediate;
  return raw.parameters ? 0.9 * *raw.parameters : 0;
}

double counted_parameters(const RawShape& raw, double experts) {
  const double embedding = (raw.tied ? 1 : 2) * *raw.hidden * *raw.vocab;
  const double dense_layers = experts > 0 ? raw.dense_layers.value_or(0) : *raw.layers;
  const double shared = experts > 0 ? (*raw.layers - dense_layers) * raw.shared_experts.value_or(0) * 3 *
                                          *raw.hidden * raw.expert_intermediate.value_or(0)
                                    : 0;
  const double feed_forward = dense_layers * 3 * *raw.hidden * raw.intermediate.value_or(3.5 * *raw.hidden);
  return embedding + raw.attention.value_or(attention_parameters(raw)) + feed_forward + shared + experts;
}

NumberFormat checkpoint_format(const RawShape& raw) {
  for (const auto& word : {raw.quantization, raw.dtype}) {
    if (const auto format = find_format(word)) return *format;
  }
  return format_in_name(raw.name).value_or(NumberFormat::float16);
}

/// Families whose published architecture is multi-head latent attention; 512 compressed numbers and 64 of the
/// rotary part (DeepSeek-V2 technical report, section 2.1).
std::optional<double> latent_in_name(std::string_view model) {
  const auto name = base::to_lower(model);
  for (const std::string_view family : {"deepseek-v2", "deepseek-v3", "deepseek-r1", "kimi-k2"}) {
    // A distilled model has the architecture of the model that it was made of.
    if (name.find(family) != std::string::npos && name.find("distill") == std::string::npos) return 576;
  }
  return std::nullopt;
}

}  // namespace

std::optional<ModelShape> completed(RawShape raw) {
  if (!raw.parameters) raw.parameters = parameters_in_name(raw.name);
  if (!raw.parameters && !(raw.layers && raw.hidden)) return std::nullopt;
  if (!raw.layers || !raw.hidden) fill_from_parameters(raw);
  fill_proportions(raw);

  ModelShape shape;
  shape.layers = *raw.layers;
  shape.hidden = *raw.hidden;
  shape.heads = *raw.heads;
  shape.kv_heads = *raw.kv_heads;
  shape.head_dim = *raw.head_dim;
  shape.vocab = *raw.vocab;
  shape.tied = raw.tied;
  shape.expert_parameters = expert_parameters(raw);
  if (shape.expert_parameters > 0) {
    shape.experts = *raw.experts;
    shape.experts_per_token = std::min(raw.experts_per_token.value_or(1), shape.experts);
  }
  shape.parameters = raw.parameters.value_or(counted_parameters(raw, shape.expert_parameters));
  shape.latent = raw.latent ? *raw.latent : latent_in_name(raw.name).value_or(0);
  shape.weights = checkpoint_format(raw);
  const double sizes[] = {shape.parameters, dense_parameters(shape), cache_numbers(shape)};
  if (!std::ranges::all_of(sizes, [](double size) { return std::isfinite(size) && size > 0; }))
    return std::nullopt;
  return shape;
}

double embedding_parameters(const ModelShape& shape) {
  return (shape.tied ? 1 : 2) * shape.hidden * shape.vocab;
}

double dense_parameters(const ModelShape& shape) {
  return shape.parameters - shape.expert_parameters - embedding_parameters(shape);
}

double cache_numbers(const ModelShape& shape) {
  return shape.latent > 0 ? shape.latent : 2 * shape.kv_heads * shape.head_dim;
}

std::optional<ModelShape> shape_from_facts(const Facts& facts) {
  RawShape raw;
  raw.name = text_of(facts, "model");
  raw.dtype = text_of(facts, "model_dtype");
  raw.quantization = text_of(facts, "model_quantization");
  raw.tied = flag_of(facts, "model_tied_embeddings");
  const std::pair<std::string_view, std::optional<double> RawShape::*> numbers[] = {
      {"model_layers", &RawShape::layers},
      {"model_hidden", &RawShape::hidden},
      {"model_heads", &RawShape::heads},
      {"model_kv_heads", &RawShape::kv_heads},
      {"model_head_dim", &RawShape::head_dim},
      {"model_intermediate", &RawShape::intermediate},
      {"model_vocab", &RawShape::vocab},
      {"model_parameters", &RawShape::parameters},
      {"model_active_parameters", &RawShape::active},
      {"model_experts", &RawShape::experts},
      {"model_experts_per_token", &RawShape::experts_per_token},
      {"model_expert_intermediate", &RawShape::expert_intermediate},
      {"model_moe_intermediate", &RawShape::expert_intermediate},
      {"model_shared_experts", &RawShape::shared_experts},
      {"model_dense_layers", &RawShape::dense_layers},
  };
  for (const auto& [name, member] : numbers) {
    if (const auto number = number_of(facts, name)) raw.*member = number;
  }
  if (const auto rank = number_of(facts, "model_kv_lora_rank"))
    raw.latent = *rank + number_of(facts, "model_rope_head_dim").value_or(64);
  return completed(std::move(raw));
}

std::optional<double> parameters_in_name(std::string_view model) {
  const auto last = base::replace_all(base::to_lower(model.substr(model.rfind('/') + 1)), "_", "-");
  for (const auto& word : base::split(last, '-')) {
    if (word.size() < 2 || std::isdigit(static_cast<unsigned char>(word.front())) == 0) continue;
    const double unit = word.back() == 'b' ? 1e9 : word.back() == 'm' ? 1e6 : 0;
    if (unit == 0) continue;
    const auto number = word.substr(0, word.size() - 1);
    const auto times =
        number.find('x');  // "8x7b": experts times their size, shared parts counted eight times
    const auto size = base::to_number(times == std::string::npos ? number : number.substr(times + 1));
    const auto count = times == std::string::npos ? 1 : base::to_number(number.substr(0, times));
    if (size && count && usable(*size * *count)) return *size * *count * unit;
  }
  return std::nullopt;
}

}  // namespace autotuner::predict
