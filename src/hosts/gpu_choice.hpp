#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gpu/device.hpp"

namespace autotuner::hosts {

/// The GPUs that nvidia-smi (from PATH of `environment`) lists, as far as that environment
/// lets its programs see them; none on a host without it. Errors:
/// unavailable when it is there and fails.
base::Result<std::vector<gpu::Device>> list_gpus(const std::map<std::string, std::string>& environment);

/// Those whose name contains `type` in any case; all when it is empty.
std::vector<gpu::Device> of_type(std::vector<gpu::Device> devices, const std::string& type);

/// Which of `taken` (as they were when they were taken) still have more memory in use than then, in words;
/// nothing when none has. 512 MiB are left to what comes and goes.
std::optional<std::string> held_gpu_memory(const std::vector<gpu::Device>& taken,
                                           const std::map<std::string, std::string>& environment);

/// GPUs held by the engines of one host: none is given to two of them. Thread-safe.
class GpuPool {
 public:
  /// Takes `count` of `devices`, the freest that nobody holds. Errors: unavailable when there are fewer.
  base::Result<std::vector<gpu::Device>> take(std::vector<gpu::Device> devices, int count);
  void give_back(const std::vector<gpu::Device>& devices);

 private:
  std::mutex mutex_;
  std::set<std::string> held_;
};

}  // namespace autotuner::hosts
