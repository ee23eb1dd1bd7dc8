#include "hosts/gpu_choice.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hosts/capture.hpp"

namespace autotuner::hosts {
namespace {

constexpr int tolerated_mb = 512;

}  // namespace

base::Result<std::vector<gpu::Device>> list_gpus(const std::map<std::string, std::string>& environment) {
  const auto path = environment.find("PATH");
  const auto program = find_executable("nvidia-smi", path == environment.end() ? "" : path->second);
  if (program.empty()) return std::vector<gpu::Device>{};
  std::vector<std::string> command{program};
  for (auto& argument : gpu::query_arguments()) command.push_back(std::move(argument));
  const auto captured = capture(std::move(command), environment, std::chrono::seconds(10));
  if (!captured) return tl::unexpected(captured.error());
  if (captured->status != engine::ExitStatus{0, 0}) {
    return base::fail(base::ErrorKind::unavailable, "nvidia-smi failed ({}): {}",
                      engine::to_text(captured->status), base::trim(captured->output));
  }
  auto devices = gpu::parse_query(captured->output);
  if (!devices) return devices;
  for (const char* name : {"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"}) {
    const auto list = environment.find(name);
    if (list != environment.end()) devices = gpu::visible(*devices, list->second);
  }
  return devices;
}

std::vector<gpu::Device> of_type(std::vector<gpu::Device> devices, const std::string& type) {
  const auto wanted = base::to_lower(type);
  std::erase_if(devices, [&](const auto& device) { return !base::to_lower(device.name).contains(wanted); });
  return devices;
}

std::optional<std::string> held_gpu_memory(const std::vector<gpu::Device>& taken,
                                           const std::map<std::string, std::string>& environment) {
  if (taken.empty()) return std::nullopt;
  const auto now = list_gpus(environment);
  // What can't be asked can't be waited for.
  if (!now) return std::nullopt;
  std::vector<std::string> held;
  for (const auto& before : taken) {
    const auto after = std::ranges::find(*now, before.uuid, &gpu::Device::uuid);
    if (after == now->end() || !after->memory_used_mb || !before.memory_used_mb) continue;
    const int more = *after->memory_used_mb - *before.memory_used_mb;
    if (more > tolerated_mb)
      held.push_back(fmt::format("GPU {} has {} MiB more in use than before", before.index, more));
  }
  if (held.empty()) return std::nullopt;
  return base::join(held, ", ");
}

base::Result<std::vector<gpu::Device>> GpuPool::take(std::vector<gpu::Device> devices, int count) {
  const std::lock_guard lock(mutex_);
  std::erase_if(devices, [&](const auto& device) { return held_.contains(device.uuid); });
  auto chosen = gpu::select(std::move(devices), count);
  if (chosen) {
    for (const auto& device : *chosen) held_.insert(device.uuid);
  }
  return chosen;
}

void GpuPool::give_back(const std::vector<gpu::Device>& devices) {
  const std::lock_guard lock(mutex_);
  for (const auto& device : devices) held_.erase(device.uuid);
}

}  // namespace autotuner::hosts
