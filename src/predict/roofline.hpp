#pragma once

#include "predict/device.hpp"
#include "predict/efficiency.hpp"
#include "predict/model_kernels.hpp"
#include "predict/model_shape.hpp"

namespace autotuner::predict {

/// What goes through one pipeline stage at once, counted over all its GPUs.
struct Pass {
  double tokens = 0;     ///< new ones, prompts and decoding together
  double sequences = 0;  ///< that get a next token
  double context = 0;    ///< tokens of the cache that are read
  double prompt = 0;     ///< tokens of prompts among `tokens`
  double attended = 0;   ///< tokens that each of them looks at, on average
};

/// Seconds of passes through one stage of a deployment: a roofline per kind of work.
///
/// A product of t tokens with W weights takes (m^3 + f^3)^(1/3) of m = W bytes / bandwidth and f = 2 W t /
/// flops: the larger one (Williams et al., Roofline, CACM 2009), with a soft knee where kernels reach
/// neither. Attention reads the cache at memory speed and computes prompts' pairs at 4 heads head_dim
/// operations each. An all-reduce of n GPUs moves 2 (n-1)/n of the activations twice per layer (Megatron-LM,
/// arXiv 1909.08053). Where a kernel was measured, its time replaces the formula.
class Roofline {
 public:
  /// All sizes are above 0. `kernels` may be null; else it outlives this object.
  Roofline(const ModelShape& shape, const Device& device, const Deployment& deployment,
           const Efficiency& efficiency, const ModelKernels* kernels = nullptr);

  double seconds(const Pass& pass) const;

  /// Per-layer work of the host when the batch has no captured graph.
  double eager_seconds() const { return eager_; }

 private:
  double measured(const Pass& pass) const;

  double tp_, groups_;
  double dense_read_, dense_token_;
  double expert_read_, expert_token_, unchosen_;
  double head_read_, head_token_;
  double context_, pair_;
  double fixed_, transfer_token_;
  double eager_;
  LayerKernels kernels_;
  double layers_;
};

}  // namespace autotuner::predict
