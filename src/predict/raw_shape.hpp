#pragma once

#include <optional>
#include <string>

#include "predict/model_shape.hpp"

namespace autotuner::predict {

/// What a source says about a model; absent = it doesn't say.
struct RawShape {
  std::string name{}, dtype{}, quantization{};
  std::optional<double> layers{}, hidden{}, heads{}, kv_heads{}, head_dim{}, intermediate{}, vocab{};
  std::optional<double> parameters{}, active{};
  std::optional<double> experts{}, experts_per_token{}, expert_intermediate{}, shared_experts{},
      dense_layers{};
  std::optional<double> latent{};     ///< numbers per token and layer, latent attention only
  std::optional<double> attention{};  ///< parameters of attention in all layers, where they aren't the usual
  bool tied = false;
};

/// Fills in what is missing. Nothing when neither parameters nor layers and hidden size are known, or when
/// the parts are larger than the whole.
std::optional<ModelShape> completed(RawShape raw);

}  // namespace autotuner::predict
