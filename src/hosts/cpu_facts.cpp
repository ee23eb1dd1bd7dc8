#include "hosts/cpu_facts.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <sched.h>

#include "base/text.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

/// The folder of our cgroup for the CPU controller (version 1) or the unified one, below the usual mount
/// points.
std::vector<std::string> cpu_groups() {
  std::vector<std::string> folders;
  for (const auto& line : base::split(read_text("/proc/self/cgroup").value_or(""), '\n')) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 3) continue;
    const auto controllers = base::split(fields[1], ',');
    for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
      if (std::ranges::count(controllers, "cpu") == 0 && !fields[1].empty()) continue;
      // In a container the path is that of the host, and the group is the root of the mount.
      for (auto path = fields[2];; path = std::filesystem::path(path).parent_path()) {
        folders.push_back(mount + path);
        if (path.size() <= 1) break;
      }
    }
  }
  return folders;
}

std::optional<double> quota_of(const std::string& folder) {
  const auto parts = base::split(read_line(folder + "/cpu.max"), ' ');
  if (parts.size() == 2) {
    const auto quota = base::to_number(parts[0]);
    const auto period = base::to_number(parts[1]);
    if (quota && period && *period > 0) return *quota / *period;
    return std::nullopt;
  }
  const auto quota = read_integer(folder + "/cpu.cfs_quota_us");
  const auto period = read_integer(folder + "/cpu.cfs_period_us");
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace

std::vector<int> allowed_cpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof mask, &mask) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &mask)) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<std::vector<int>> cores_of(std::span<const int> cpus) {
  std::vector<std::vector<int>> cores;
  std::map<std::string, std::size_t> places;
  for (const int cpu : cpus) {
    const auto topology = fmt::format("/sys/devices/system/cpu/cpu{}/topology/", cpu);
    auto siblings = read_line(topology + "thread_siblings_list");
    if (siblings.empty()) siblings = std::to_string(cpu);
    const auto [place, is_new] = places.try_emplace(siblings, cores.size());
    if (is_new) cores.emplace_back();
    cores[place->second].push_back(cpu);
  }
  return cores;
}

int physical_cores(std::span<const int> cpus) {
  return static_cast<int>(cores_of(cpus).size());
}

std::optional<double> cpu_quota() {
  std::optional<double> smallest;
  for (const auto& folder : cpu_groups()) {
    if (const auto quota = quota_of(folder)) smallest = std::min(smallest.value_or(*quota), *quota);
  }
  return smallest;
}

double usable_cores(std::span<const int> cpus) {
  const auto count = static_cast<double>(cpus.empty() ? allowed_cpus().size() : cpus.size());
  return std::min(count, cpu_quota().value_or(count));
}

// Linux allows 8192 at most.
constexpr double most_cpus = 65535;

std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  for (const auto& part : base::split(base::trim(text), ',')) {
    const auto ends = base::split(part, '-');
    const auto first = base::to_number(ends.front());
    const auto last = base::to_number(ends.back());
    // A wider range is no list of CPUs, and its ends may not fit an int.
    if (!first || !last || !(*first >= 0 && *first <= *last && *last <= most_cpus)) continue;
    for (int cpu = static_cast<int>(*first); cpu <= static_cast<int>(*last); ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace autotuner::hosts
