#pragma once

#include "predict/deployment.hpp"

namespace autotuner::predict {

/// What kernels reach of a data sheet's figures, and what a step costs besides. Judgement from what is public
/// about serving engines, rounded; docs/prediction.md says which rows were looked at and which were not.
struct Efficiency {
  // Shares of the device's memory bandwidth.
  double weight_bandwidth = 0.82;  ///< matrices streamed by decode-sized products
  double expert_bandwidth = 0.75;  ///< of that: experts are many small matrices
  double packed_bandwidth = 0.7;   ///< of that: 4-bit numbers are unpacked and scaled
  double cache_bandwidth = 0.7;    ///< keys and values of many sequences
  // Shares of dense operations per second in large products.
  double flops_16bit = 0.65, flops_8bit = 0.6, flops_4bit = 0.45;
  double attention_flops = 0.5;  ///< of the 16-bit rate, in prefill
  // Communication.
  double link_bandwidth = 0.75;
  double reduce_seconds = 6e-6, reduce_seconds_per_gpu = 0.8e-6;  ///< of an all-reduce of no bytes
  double slow_link = 100e9;          ///< bytes/s below which there is no peer memory access of that kind
  double slow_link_seconds = 15e-6;  ///< what an all-reduce costs more there
  double hop_seconds = 20e-6;        ///< between pipeline stages
  double bubble = 0.15;              ///< of a pipeline's cycle lost to unequal stages, with many stages
  // Layers without a captured graph are launched one kernel at a time.
  double eager_layer_seconds = 200e-6;
  /// Norms, rotation, activation: instead of an engine's own figure where the large kernels were measured,
  /// whose times have their launch in them.
  double measured_layer_seconds = 8e-6;
  double moe_layer = 1.6;  ///< small kernels of a layer with experts, against a dense one
  /// Requests in a closed loop end and begin in clumps: of those that run, this share is ahead of a new one.
  double clump = 0.07;
  double request_seconds = 20e-3;  ///< HTTP, tokenizing, scheduling of one request

  bool operator==(const Efficiency&) const = default;
};

/// Seconds of an engine's own work.
struct Overhead {
  double layer = 0;     ///< small kernels between the large ones
  double step = 0;      ///< per step, with the next one prepared meanwhile
  double serial = 0;    ///< per step more, where it isn't
  double sequence = 0;  ///< per running sequence and step: sampling, text, network
  bool operator==(const Overhead&) const = default;
};

Overhead overhead_of(Engine engine);

}  // namespace autotuner::predict
