#pragma once

#include "predict/deployment.hpp"
#include "predict/device.hpp"
#include "predict/efficiency.hpp"
#include "predict/memory.hpp"
#include "predict/model_kernels.hpp"
#include "predict/model_shape.hpp"
#include "predict/workload.hpp"

namespace autotuner::predict {

/// Mean and quantile of a latency in seconds.
struct Latency {
  double mean = 0, p50 = 0, p90 = 0, p99 = 0;
  bool operator==(const Latency&) const = default;
};

/// What a steady load would see, all replicas together. Quantiles are fixed multiples of what they are made
/// of: a guess, where means are a calculation.
struct Prediction {
  double requests_per_second = 0;
  double output_tokens_per_second = 0, total_tokens_per_second = 0;
  Latency ttft, tpot, e2e;
  double running_requests = 0;  ///< in the engines, not queued
  double step_seconds = 0;      ///< of decoding alone, without prompts
  double prefill_seconds = 0;   ///< of one prompt alone
  double gpus = 1;
  bool operator==(const Prediction&) const = default;
};

/// Steady state of one replica with its share of the load.
///
/// B = min(concurrency, max_sequences, cache tokens / mean tokens of a sequence) requests run, the others
/// queue. A cycle of decoding takes d(B) = pp stages of B/pp requests + the engine's work. B/output prompts
/// join per cycle, each adding its chunks' time p beyond the cycle (all of it without chunked prefill): TPOT
/// = d + B/output p. When the token budget can't hold as many prompt tokens, fewer decode at once and the
/// rest waits. TTFT = queue (Little's law) + own prompt + those ahead; E2E = TTFT + (output - 1) TPOT. Every
/// result is finite for sizes above 0. `kernels` may be null: then a pass is the roofline's alone.
Prediction predict(const ModelShape& shape, const Device& device, const Deployment& deployment,
                   const Workload& load, const Memory& memory, const Efficiency& efficiency = {},
                   const ModelKernels* kernels = nullptr);

}  // namespace autotuner::predict
