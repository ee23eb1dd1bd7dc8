#pragma once

#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.hpp"
#include "engine/advice.hpp"
#include "gpu/device.hpp"

namespace autotuner::cli {

/// What `gpus` asks of the host; app/ supplies it.
struct GpusParts {
  std::function<base::Result<std::vector<gpu::Device>>()> gpus;
  std::function<engine::Hardware()> hardware;
};

/// "NVIDIA H100, 79,100 of 81,559 MiB free, 3 % busy": what is known of a GPU, in words.
std::string gpu_line(const gpu::Device& device);
std::string gpus_text(const std::vector<gpu::Device>& devices, const engine::Hardware& hardware);
std::string gpus_json(const std::vector<gpu::Device>& devices, const engine::Hardware& hardware);

/// `gpus`: the devices that engines can compute on here, the CPU included.
void add_gpus(CLI::App& app, GpusParts parts, int& exit_code);

}  // namespace autotuner::cli
