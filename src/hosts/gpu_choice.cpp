#include "hosts/gpu_choice.hpp"

#include "base/text.hpp"
#include "hosts/capture.hpp"

namespace autotuner::hosts {

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
  return gpu::parse_query(captured->output);
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
