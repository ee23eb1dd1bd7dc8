#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace autotuner::hosts {

/// CPUs of a host shared out between its engines and the load generator, so that neither takes time from the
/// other.
struct CpuSplit {
  std::vector<int> engine;  ///< empty = no split: both run wherever we may
  std::vector<int> client;
  std::string reason;  ///< for people: why it is so
  bool operator==(const CpuSplit&) const = default;
};

/// Which CPUs a user wants to give to either; empty = we choose.
struct CpuWish {
  std::string engine;  ///< "0-5,8", or "all": no split
  std::string client;
};

/// Whole cores are shared out: the last one to the load generator (two where there are 16), the others to the
/// engines. Fewer than four cores, or a quota of fewer, are not shared out. `cores` are CPUs that are threads
/// of one core; `quota` is what cgroups allow, in CPUs.
CpuSplit split_cpus(std::span<const std::vector<int>> cores, std::optional<double> quota,
                    const CpuWish& wish);
/// Of this host, as far as we may use it.
CpuSplit split_cpus(const CpuWish& wish);

/// "0-3,8".
std::string cpu_list_text(std::vector<int> cpus);

}  // namespace autotuner::hosts
