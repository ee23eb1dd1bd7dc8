#pragma once

#include "base/result.hpp"
#include "kernels/parquet.hpp"
#include "predict/kernel_tables.hpp"

/// Rows of aiconfigurator-core's tables, in their columns' words. Latencies are milliseconds. Rows of number
/// formats that nothing asks for, or without a latency, are left out.
namespace autotuner::kernels {

/// gemm_perf: gemm_dtype, m, n, k, latency; only products of 16-bit weights.
/// Each function's errors: invalid_input naming a column that is missing or of another kind.
base::Result<void> add_products(const Table& table, predict::KernelTables& tables);

/// context_attention_perf: batch_size, isl, num_heads, num_key_value_heads, head_dim, kv_cache_dtype,
/// window_size, latency; only single prompts without a window.
base::Result<void> add_prefill(const Table& table, predict::KernelTables& tables);

/// generation_attention_perf: the same, with the tokens before the new one in `step`.
base::Result<void> add_decode(const Table& table, predict::KernelTables& tables);

/// custom_allreduce_perf: num_gpus, message_size (numbers of 16 bit), latency.
base::Result<void> add_reduce(const Table& table, predict::KernelTables& tables);

}  // namespace autotuner::kernels
