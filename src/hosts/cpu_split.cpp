#include "hosts/cpu_split.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "hosts/cpu_facts.hpp"

namespace autotuner::hosts {
namespace {

constexpr std::size_t fewest_cores = 4;
constexpr std::size_t many_cores = 16;

/// Those of a wished list that we may use.
std::vector<int> usable(const std::string& list, std::span<const std::vector<int>> cores) {
  auto cpus = parse_cpu_list(list);
  std::erase_if(cpus, [&](int cpu) {
    return std::ranges::none_of(cores, [&](const auto& core) { return std::ranges::count(core, cpu) > 0; });
  });
  return cpus;
}

std::vector<int> without(std::span<const std::vector<int>> cores, const std::vector<int>& taken) {
  std::vector<int> cpus;
  for (const auto& core : cores) {
    for (const int cpu : core) {
      if (std::ranges::count(taken, cpu) == 0) cpus.push_back(cpu);
    }
  }
  std::ranges::sort(cpus);
  return cpus;
}

CpuSplit as_wished(std::span<const std::vector<int>> cores, const CpuWish& wish) {
  CpuSplit split;
  split.engine = usable(wish.engine, cores);
  split.client = usable(wish.client, cores);
  split.reason = "as the settings want it";
  if (split.engine.empty()) split.engine = without(cores, split.client);
  if (split.client.empty()) split.client = without(cores, split.engine);
  if (!split.engine.empty() && !split.client.empty()) return split;
  return {{}, {}, "the CPUs that the settings name leave none for one of the two"};
}

}  // namespace

CpuSplit split_cpus(std::span<const std::vector<int>> cores, std::optional<double> quota,
                    const CpuWish& wish) {
  if (wish.engine == "all") return {{}, {}, "as the settings want it"};
  if (!wish.engine.empty() || !wish.client.empty()) return as_wished(cores, wish);
  if (cores.size() < fewest_cores)
    return {{}, {}, fmt::format("{} cores are too few to be shared out", cores.size())};
  if (quota && *quota < static_cast<double>(fewest_cores))
    return {{}, {}, fmt::format("a quota of {:.3g} CPUs is too little to be shared out", *quota)};
  const std::size_t clients = cores.size() >= many_cores ? 2 : 1;
  CpuSplit split;
  for (const auto& core : cores.last(clients))
    split.client.insert(split.client.end(), core.begin(), core.end());
  std::ranges::sort(split.client);
  split.engine = without(cores, split.client);
  split.reason = fmt::format("{} of {} cores for the load generator", clients, cores.size());
  return split;
}

CpuSplit split_cpus(const CpuWish& wish) {
  return split_cpus(cores_of(allowed_cpus()), cpu_quota(), wish);
}

std::string cpu_list_text(std::vector<int> cpus) {
  std::ranges::sort(cpus);
  std::string text;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    text += text.empty() ? "" : ",";
    text += last == i ? std::to_string(cpus[i]) : fmt::format("{}-{}", cpus[i], cpus[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace autotuner::hosts
