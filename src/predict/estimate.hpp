#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "predict/memory.hpp"
#include "predict/predict.hpp"

namespace autotuner::predict {

/// What a point would measure, as far as arithmetic can tell.
struct Estimate {
  Prediction prediction;
  Memory memory;
  bool operator==(const Estimate&) const = default;
};

/// The metrics that `metric` knows: output_throughput_tok_s, ttft_ms_p99, memory_margin ...
std::span<const std::string_view> metric_names();

/// A metric by the name that results and tuning tables use, in its unit. Nothing for unknown names.
std::optional<double> metric(const Estimate& estimate, std::string_view name);

/// Estimates points of one space: facts are read once. Copies and concurrent calls are fine.
class Estimator {
 public:
  /// Facts beside those of the model (`shape_from_facts`): gpu (a name, and over it gpu_memory_bytes,
  /// gpu_bandwidth_bytes_s, gpu_bf16_flops, gpu_fp8_flops, gpu_int8_flops, gpu_fp4_flops, gpu_link_bytes_s),
  /// gpus (that share the load), engine, input_tokens, output_tokens, concurrency, shared_prefix_share,
  /// max_model_len. `shape` goes before what the facts say of the model. Nothing when there is no model. What
  /// a point may still tell is asked per point.
  static std::optional<Estimator> make(const Facts& facts, std::optional<ModelShape> shape = std::nullopt);

  /// Nothing when device, input, output or concurrency are neither facts nor in the point, or when no finite
  /// number comes out.
  std::optional<Estimate> estimate(const space::Point& point) const;

  /// What the facts say; a point may choose another device or engine.
  const ModelShape& shape() const { return shape_; }
  const std::optional<Device>& device() const { return device_; }
  Engine engine() const { return setting_.base.engine; }

  /// From now on these replace parts of the roofline, where a point has their device and engine.
  void use(ModelKernels kernels) { kernels_ = std::make_shared<const ModelKernels>(std::move(kernels)); }

 private:
  ModelShape shape_;
  std::optional<Device> device_;
  Setting setting_;
  // Shared by copies: it is large and never changes.
  std::shared_ptr<const ModelKernels> kernels_;
};

/// One point by itself: reads the facts each time.
std::optional<Estimate> estimate(const space::Point& point, const Facts& facts);

}  // namespace autotuner::predict
