#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::hosts {

/// CPUs that this process may run on.
std::vector<int> allowed_cpus();
/// `cpus` by the core whose threads they are, in the order of their first CPUs. Each a core of its own where
/// it can't be told.
std::vector<std::vector<int>> cores_of(std::span<const int> cpus);
/// Different cores among `cpus`: threads of one core count once. As many as `cpus` where it can't be told.
int physical_cores(std::span<const int> cpus);
/// CPUs' worth of time that cgroups allow, or nothing when they set no limit.
std::optional<double> cpu_quota();
/// What an engine may use when it runs on `cpus` (empty = those allowed to us): CPUs, cut by the quota.
double usable_cores(std::span<const int> cpus);
/// "0-3,8" → 0 1 2 3 8.
std::vector<int> parse_cpu_list(std::string_view text);

}  // namespace autotuner::hosts
