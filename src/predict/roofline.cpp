#include "predict/roofline.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::predict {
namespace {

double soft_max(double a, double b) {
  return std::cbrt(a * a * a + b * b * b);
}

double matmul_share(const Efficiency& efficiency, NumberFormat weights, const Device& device) {
  switch (weights) {
    case NumberFormat::fp8:
      return device.flops_fp8 > 0 ? efficiency.flops_8bit : efficiency.flops_16bit;
    case NumberFormat::int8:
      return device.flops_int8 > 0 ? efficiency.flops_8bit : efficiency.flops_16bit;
    case NumberFormat::fp4:
      return device.flops_fp4 > 0 ? efficiency.flops_4bit : efficiency.flops_16bit;
    case NumberFormat::int4:
    case NumberFormat::float16:
    case NumberFormat::float32:
      return efficiency.flops_16bit;
  }
  return efficiency.flops_16bit;
}

}  // namespace

Roofline::Roofline(const ModelShape& shape, const Device& device, const Deployment& deployment,
                   const Efficiency& e, const ModelKernels* kernels)
    : tp_(deployment.tensor_parallel), groups_(deployment.attention_data_parallel) {
  const double stages = deployment.pipeline_parallel;
  const double layers = shape.layers / stages;
  layers_ = layers;
  if (kernels != nullptr) kernels_ = kernels->of(device, deployment);
  const auto weights = deployment.weights;
  const double packed =
      weights == NumberFormat::fp4 || weights == NumberFormat::int4 ? e.packed_bandwidth : 1;
  const double bandwidth = device.bandwidth * e.weight_bandwidth;
  const double flops = flops_of(device, weights) * matmul_share(e, weights, device);
  const double flops_16bit = device.flops_16bit * e.flops_16bit;

  // Dense layers: whole in every attention group.
  const double dense = kernels_.products == nullptr ? dense_parameters(shape) / (tp_ * stages) : 0;
  dense_read_ = dense * bytes_of(weights) / (bandwidth * packed);
  dense_token_ = 2 * dense / flops;
  // Experts: spread over all GPUs of the stage; a token meets k of E.
  const double experts = shape.expert_parameters / (tp_ * groups_ * stages);
  const double chosen = shape.experts > 0 ? shape.experts_per_token / shape.experts : 0;
  expert_read_ = experts * bytes_of(weights) / (bandwidth * packed * e.expert_bandwidth);
  expert_token_ = 2 * experts * chosen / flops;
  unchosen_ = std::max(0.0, 1 - chosen);
  // The output head, on the last stage, which the others wait for.
  const double head = shape.hidden * shape.vocab / tp_;
  head_read_ = head * 2 / bandwidth;
  head_token_ = 2 * head / flops_16bit;

  const double shards = shape.latent > 0 ? 1 : std::min(tp_, shape.kv_heads);
  context_ = layers * cache_numbers(shape) * bytes_of(deployment.cache) /
             (shards * device.bandwidth * e.cache_bandwidth);
  pair_ = layers * 4 * shape.heads * shape.head_dim / (tp_ * device.flops_16bit * e.attention_flops);

  const bool moe = shape.expert_parameters > 0;
  const auto overhead = overhead_of(deployment.engine);
  const double layer = kernels_.products != nullptr ? e.measured_layer_seconds : overhead.layer;
  fixed_ = device.is_cpu ? 0 : layers * layer * (moe ? e.moe_layer : 1);
  transfer_token_ = 0;
  const double link = std::max(device.link, 1e9) * e.link_bandwidth;
  const double latency = e.reduce_seconds + (device.link < e.slow_link ? e.slow_link_seconds : 0);
  if (tp_ > 1 && kernels_.reduce == nullptr) {
    fixed_ += 2 * layers * (latency + e.reduce_seconds_per_gpu * tp_);
    transfer_token_ += 2 * layers * shape.hidden * 2 * 2 * (tp_ - 1) / tp_ / link;
  }
  if (groups_ > 1 && moe) {
    // Tokens travel to their experts and back; each GPU sends those of its own.
    fixed_ += 4 * layers * latency;
    transfer_token_ +=
        2 * layers * shape.hidden * 2 * std::min(shape.experts_per_token, tp_ * groups_) / (tp_ * link);
  }
  if (stages > 1) fixed_ += e.hop_seconds;
  eager_ = device.is_cpu ? 0 : layers * e.eager_layer_seconds;
}

double Roofline::seconds(const Pass& pass) const {
  const double tokens = pass.tokens / groups_;
  double sum = fixed_ + transfer_token_ * tokens;
  sum += soft_max(dense_read_, dense_token_ * tokens);
  if (expert_read_ > 0) {
    const double touched = 1 - std::pow(unchosen_, std::max(pass.tokens, 1.0));
    sum += soft_max(expert_read_ * touched, expert_token_ * pass.tokens);
  }
  if (kernels_.head == nullptr) sum += soft_max(head_read_, head_token_ * pass.sequences / groups_);
  if (kernels_.decode == nullptr) sum += context_ * pass.context / groups_;
  if (kernels_.prefill == nullptr) sum += pair_ * (pass.prompt * pass.attended) / groups_;
  return sum + measured(pass);
}

double Roofline::measured(const Pass& pass) const {
  const double tokens = pass.tokens / groups_, sequences = pass.sequences / groups_;
  double layer = 0;
  if (kernels_.products != nullptr) layer += kernels_.products->at(tokens);
  if (kernels_.decode != nullptr && pass.context > 0)
    layer += kernels_.decode->at(sequences, pass.context / pass.sequences);
  if (kernels_.prefill != nullptr && pass.prompt > 0) {
    // A prompt of n tokens, each of which looks at n/2 on average, says what such a pair costs.
    const double whole = std::max(1.0, 2 * pass.attended);
    layer += kernels_.prefill->at(whole) * pass.prompt / whole / groups_;
  }
  if (kernels_.reduce != nullptr) layer += 2 * kernels_.reduce->at(tokens);
  const double head = kernels_.head != nullptr ? kernels_.head->at(sequences) : 0;
  return layers_ * layer + head;
}

}  // namespace autotuner::predict
