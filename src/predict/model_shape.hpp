#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "predict/number_format.hpp"
#include "space/point.hpp"

namespace autotuner::predict {

/// Names with numbers or texts that are known about model, device and load before anything is measured, named
/// as in a tuning table: model_layers, gpu, input_tokens ...
using Facts = space::Point;

/// The sizes of a decoder-only transformer, as far as speed and memory depend on them. Counts are doubles
/// because they only enter products.
struct ModelShape {
  double layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, vocab = 0;
  double parameters = 0;  ///< all of them: embedding, layers, output head
  bool tied = false;      ///< embedding and output head are one matrix

  /// Mixture of experts; 0 = dense. Shared experts count as dense.
  double experts = 0, experts_per_token = 0;
  double expert_parameters = 0;  ///< of all routed experts of all layers together

  /// Numbers kept per token and layer by latent attention (compressed, the same for every head); 0 = keys and
  /// values per head.
  double latent = 0;

  /// Weights and cache as the checkpoint has them, unless the deployment says otherwise.
  NumberFormat weights = NumberFormat::float16;

  bool operator==(const ModelShape&) const = default;
};

/// Parameters of embedding and output head; these stay at 16 bit under every quantization.
double embedding_parameters(const ModelShape& shape);
/// Parameters of the layers that every token meets.
double dense_parameters(const ModelShape& shape);
/// Numbers in the cache per token of one layer, over all heads.
double cache_numbers(const ModelShape& shape);

/// From facts: model_layers, model_hidden, model_heads, model_kv_heads, model_head_dim, model_intermediate,
/// model_vocab, model_parameters, model_active_parameters, model_experts, model_experts_per_token,
/// model_expert_intermediate, model_kv_lora_rank, model_rope_head_dim, model_tied_embeddings, model_dtype,
/// model_quantization. What is missing is filled in from the usual proportions of such a model, at worst from
/// its parameter count alone, at the very worst from the count in its name (`model`: "Llama-3-8B"). Nothing
/// if not even that is there, or if the sizes contradict each other.
std::optional<ModelShape> shape_from_facts(const Facts& facts);

/// From the config.json of a model repository. Errors: invalid_input naming the key that is missing or no
/// number above 0.
base::Result<ModelShape> shape_from_config(const base::Json& config);

/// "8x7B" 56e9, "Qwen2.5-0.5B" 5e8, "235B-A22B" 235e9, "355M" 3.55e8.
std::optional<double> parameters_in_name(std::string_view model);

}  // namespace autotuner::predict
