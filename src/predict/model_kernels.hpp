#pragma once

#include <map>
#include <string>

#include "predict/curve.hpp"
#include "predict/deployment.hpp"
#include "predict/device.hpp"
#include "predict/kernel_tables.hpp"
#include "predict/model_shape.hpp"

namespace autotuner::predict {

/// Measured kernels of one GPU's part of one layer, in seconds. Null: nobody measured it.
struct LayerKernels {
  const Curve* products = nullptr;  ///< of all its matrices, over tokens
  const Curve* head = nullptr;      ///< the output head, over sequences
  const Curve* prefill = nullptr;   ///< attention of one whole prompt, over its tokens
  const Surface* decode = nullptr;  ///< attention, over sequences and the tokens that each reads
  const Curve* reduce = nullptr;    ///< one all-reduce of a layer's activations, over tokens
};

/// The kernels of one dense model on one kind of device under one engine, by tensor parallelism.
struct ModelKernels {
  struct Width {
    Curve products{};  ///< with 16-bit weights
    Curve head{}, reduce{};
    std::map<NumberFormat, Curve> prefill{};  ///< like decode by the cache's format
    std::map<NumberFormat, Surface> decode{};
    bool operator==(const Width&) const = default;
  };

  Engine engine = Engine::vllm;
  std::string device{};  ///< `Device::name`
  std::map<double, Width> widths{};

  /// What is known for such a deployment; concurrent calls are fine. Views this object.
  LayerKernels of(const Device& on, const Deployment& deployment) const;
  bool operator==(const ModelKernels&) const = default;
};

/// Kernels, and words about where they come from: "aiconfigurator-core 0.12.0, h100_sxm, vllm 0.24.0".
struct MeasuredKernels {
  std::string source{};
  ModelKernels kernels{};
  bool operator==(const MeasuredKernels&) const = default;
};

/// Whether measured kernels come closer to measured servers than the roofline alone (docs/prediction.md):
/// models with experts or latent attention don't.
bool is_covered(const ModelShape& shape);

/// Looks up what a model's layers need at 1, 2, 4, 8 and 16 GPUs; nothing for a model that isn't covered.
/// Seconds have 4 digits, which tables are hardly good for, so that they can be kept in a few kilobytes.
ModelKernels model_kernels(const KernelTables& tables, const ModelShape& shape, Engine engine,
                           const Device& device);

}  // namespace autotuner::predict
