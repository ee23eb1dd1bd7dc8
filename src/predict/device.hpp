#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gpu/device.hpp"

/// How fast a configuration would serve a load, and whether it fits into memory, from public figures of model
/// and device alone: pure arithmetic, no measurement. docs/prediction.md has the formulas and how far off
/// they are.
namespace autotuner::predict {

/// What a data sheet says about one accelerator: bytes, bytes per second and dense operations per second
/// (without sparsity; a multiplication and an addition count 2). 0 = the device has no such unit.
struct Device {
  std::string_view name{};
  double memory = 0;
  double bandwidth = 0;  ///< of the device's memory
  double flops_16bit = 0, flops_fp8 = 0, flops_int8 = 0, flops_fp4 = 0;
  double link = 0;  ///< to the other devices of the host together, one direction
  bool is_cpu = false;
  bool operator==(const Device&) const = default;
};

/// Every device that is known by name.
std::span<const Device> devices();

/// The device that a product name, an nvidia-smi name or a label means: "NVIDIA H100 80GB HBM3", "h100_sxm",
/// "Nvidia-A100". Words are compared in lower case, in any order; the row that explains most words wins.
std::optional<Device> find_device(std::string_view name);

/// The same by nvidia-smi's name, with the memory that the driver says.
std::optional<Device> find_device(const gpu::Device& device);

}  // namespace autotuner::predict
