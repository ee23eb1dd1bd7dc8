#pragma once

#include <optional>

#include "predict/model_shape.hpp"

namespace autotuner::predict {

/// A steady load: so many requests are always in flight, each of the mean size.
struct Workload {
  double input_tokens = 0, output_tokens = 0;
  double concurrency = 0;          ///< requests in flight, over all replicas
  double shared_prefix_share = 0;  ///< of the input, equal in all requests, 0..1
  double max_model_len = 0;        ///< what the engine must have room for; 0 = input + output
  bool operator==(const Workload&) const = default;
};

/// Tokens of the longest sequence that the engine accepts.
inline double longest_sequence(const Workload& load) {
  return load.max_model_len > 0 ? load.max_model_len : load.input_tokens + load.output_tokens;
}

}  // namespace autotuner::predict
