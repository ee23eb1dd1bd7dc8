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
  std::string uuid{};
  std::string name{};
  std::optional<int> memory_total_mb{}, memory_free_mb{}, memory_used_mb{}, utilization_gpu{}, temperature{};
  std::optional<double> power_draw{}, power_limit{};
  std::string compute_mode{};  ///< as printed: Default, Prohibited, Exclusive_Process; empty = unknown
  bool operator==(const Device&) const = default;
};

/// The arguments for nvidia-smi that make the text which parse_query reads.
std::vector<std::string> query_arguments();
/// "[N/A]" and "[Not Supported]" are absent values. A line that can't be read costs its GPU, not the others:
/// it is appended to `unreadable`. Errors: invalid_input naming the first line when none can be read. Empty
/// text = no GPU.
base::Result<std::vector<Device>> parse_query(std::string_view csv,
                                              std::vector<std::string>* unreadable = nullptr);

/// Those that CUDA_VISIBLE_DEVICES or NVIDIA_VISIBLE_DEVICES lets this process see: indices or UUIDs (also
/// their beginnings) separated by commas, in that order; "all" and absence = every one; empty, "none", "void"
/// and "-1" end the list.
std::vector<Device> visible(const std::vector<Device>& devices, std::optional<std::string_view> list);

/// The `count` freest devices (most free memory, then lowest utilization, then index); prohibited ones are
/// never taken. Errors: unavailable when there are fewer.
base::Result<std::vector<Device>> select(std::vector<Device> devices, int count);

}  // namespace autotuner::gpu
