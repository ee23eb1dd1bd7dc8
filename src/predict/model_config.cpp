#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "predict/fact_reader.hpp"
#include "predict/raw_shape.hpp"

namespace autotuner::predict {
namespace {

using Number = std::optional<double>;

/// A member of RawShape and the keys that model families use for it, the first that is there wins.
struct Key {
  Number RawShape::* member;
  std::array<std::string_view, 4> names;
};

constexpr Key keys[] = {
    {&RawShape::layers, {"num_hidden_layers", "n_layer", "num_layers", "n_layers"}},
    {&RawShape::hidden, {"hidden_size", "n_embd", "d_model"}},
    {&RawShape::heads, {"num_attention_heads", "n_head", "n_heads"}},
    {&RawShape::kv_heads, {"num_key_value_heads", "n_head_kv", "num_kv_heads"}},
    {&RawShape::head_dim, {"head_dim"}},
    {&RawShape::intermediate, {"intermediate_size", "ffn_hidden_size", "n_inner"}},
    {&RawShape::vocab, {"vocab_size"}},
    {&RawShape::experts, {"num_experts", "n_routed_experts", "num_local_experts"}},
    {&RawShape::experts_per_token, {"num_experts_per_tok", "num_experts_per_token", "moe_topk"}},
    {&RawShape::expert_intermediate, {"moe_intermediate_size", "expert_intermediate_size"}},
    {&RawShape::shared_experts, {"n_shared_experts", "num_shared_experts"}},
    {&RawShape::parameters, {"num_parameters"}},
    {&RawShape::dense_layers, {"first_k_dense_replace"}},
};

/// Down and up projections of queries and of the compressed keys and values, and the output (DeepSeek-V2
/// technical report, section 2.1).
Number latent_attention_parameters(const base::Json& config, const RawShape& raw) {
  const auto at = [&](std::string_view key) { return usable(base::number_at(config, key)); };
  const auto rank = at("kv_lora_rank"), rope = at("qk_rope_head_dim"), nope = at("qk_nope_head_dim");
  const auto value = at("v_head_dim"), query_rank = at("q_lora_rank");
  if (!rank || !rope || !nope || !value || !raw.heads) return std::nullopt;
  const double query = *raw.heads * (*nope + *rope);
  const double queries = query_rank ? *query_rank * (*raw.hidden + query) : *raw.hidden * query;
  const double keys_and_values = *raw.hidden * (*rank + *rope) + *rank * *raw.heads * (*nope + *value);
  return *raw.layers * (queries + keys_and_values + *raw.heads * *value * *raw.hidden);
}

}  // namespace

base::Result<ModelShape> shape_from_config(const base::Json& document) {
  if (!document.is_object()) return base::invalid_input("config.json is no object");
  // Models of several modalities keep the language model's sizes one level down.
  const auto nested = document.find("text_config");
  const auto& config = nested != document.end() && nested->is_object() ? *nested : document;

  RawShape raw;
  for (const auto& [member, names] : keys) {
    for (const auto name : names) {
      if (name.empty() || raw.*member) continue;
      raw.*member = usable(base::number_at(config, name));
    }
  }
  const std::pair<std::string_view, Number> needed[] = {
      {"num_hidden_layers", raw.layers}, {"hidden_size", raw.hidden}, {"vocab_size", raw.vocab}};
  for (const auto& [name, value] : needed) {
    if (!value) return base::invalid_input("config.json has no usable {}; must be a number above 0", name);
  }
  // Families without the key have as many as attention heads.
  if (!raw.kv_heads) raw.kv_heads = raw.heads;
  raw.name = base::text_at(document, "_name_or_path").value_or("");
  raw.dtype = base::text_at(config, "torch_dtype").value_or(base::text_at(config, "dtype").value_or(""));
  if (const auto quantization = document.find("quantization_config"); quantization != document.end())
    raw.quantization = base::text_at(*quantization, "quant_method").value_or("");
  const auto tied = config.find("tie_word_embeddings");
  raw.tied = tied != config.end() && tied->is_boolean() && tied->get<bool>();
  if (const auto rank = usable(base::number_at(config, "kv_lora_rank"))) {
    raw.latent = *rank + usable(base::number_at(config, "qk_rope_head_dim")).value_or(0);
    raw.attention = latent_attention_parameters(config, raw);
  }
  const auto shape = completed(raw);
  if (!shape)
    return base::invalid_input("config.json describes no transformer: its sizes contradict each other");
  return *shape;
}

}  // namespace autotuner::predict
