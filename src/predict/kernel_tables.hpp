#pragma once

#include <compare>
#include <map>
#include <utility>

#include "predict/curve.hpp"
#include "predict/deployment.hpp"
#include "predict/model_shape.hpp"

namespace autotuner::predict {

/// What attention kernels are told apart by: heads of one GPU, and how the cache is kept.
struct AttentionKind {
  double heads = 0, kv_heads = 0, head_dim = 0;
  NumberFormat cache = NumberFormat::float16;
  auto operator<=>(const AttentionKind&) const = default;
};

/// Seconds of single kernels, measured on one kind of device.
struct KernelTables {
  /// Products of a (tokens, k) by a (k, n) matrix of 16-bit numbers, over tokens; {n, k}.
  std::map<std::pair<double, double>, Curve> products{};
  /// One token of each sequence: sequences, tokens of the cache that each reads.
  std::map<AttentionKind, Surface> decode{};
  /// One whole prompt, over its tokens.
  std::map<AttentionKind, Curve> prefill{};
  /// An all-reduce of 16-bit numbers over so many GPUs, over numbers.
  std::map<double, Curve> reduce{};
};

/// A product by any (k, n): log-log between the four that enclose it, beyond the table in proportion to n k
/// as a roofline goes there. Empty without one of the four.
Curve product(const KernelTables& tables, double n, double k);

}  // namespace autotuner::predict
