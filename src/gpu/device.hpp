#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::gpu {

/// A GPU of this host. Memory in MB as nvidia-smi prints it (= MiB); unknown numbers are absent, never 0.
struct Device {
  int index = 0;
  std::string uuid;
  std::string name;
  std::optional<int> memory_total_mb, memory_free_mb, memory_used_mb, utilization_gpu, temperature;
  std::optional<double> power_draw, power_limit;
  bool operator==(const Device&) const = default;
};

/// The arguments for nvidia-smi that make the text which parse_query reads.
std::vector<std::string> query_arguments();
/// Errors: invalid_input naming the line that can't be read. "[N/A]" and "[Not Supported]" are absent values.
base::Result<std::vector<Device>> parse_query(std::string_view csv);

/// The `count` freest devices (most free memory, then lowest utilization, then index). Errors: unavailable when
/// there are fewer.
base::Result<std::vector<Device>> select(std::vector<Device> devices, int count);

}  // namespace autotuner::gpu
