#include "hosts/host_audit.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hosts/cpu_facts.hpp"
#include "hosts/gpu_choice.hpp"
#include "hosts/memory_limit.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

using tuning::HostFact;

constexpr double kib_per_gib = 1024.0 * 1024.0;
constexpr double busy_share = 0.05;

HostFact ok(std::string name, std::string value) {
  return {std::move(name), "ok", std::move(value), ""};
}
HostFact doubtful(std::string name, std::string value, std::string remedy) {
  return {std::move(name), "doubtful", std::move(value), std::move(remedy)};
}
HostFact unknown(std::string name) {
  return {std::move(name), "unknown", "", ""};
}

std::vector<int> online_cpus(const std::string& root) {
  return parse_cpu_list(read_line(root + "/sys/devices/system/cpu/online"));
}

HostFact cpu_model(const std::string& root) {
  for (const auto& line : base::split(read_text(root + "/proc/cpuinfo").value_or(""), '\n')) {
    const auto colon = line.find(':');
    const auto key = base::trim(std::string_view(line).substr(0, colon));
    if (colon != std::string::npos && (key == "model name" || key == "Model" || key == "Processor")) {
      return ok("cpu", std::string(base::trim(std::string_view(line).substr(colon + 1))));
    }
  }
  return unknown("cpu");
}

HostFact cores(const std::string& root) {
  const auto online = online_cpus(root).size();
  if (online == 0) return unknown("cores");
  const auto allowed = allowed_cpus();
  const auto value = fmt::format("{} of {} CPUs, {} cores", allowed.size(), online, physical_cores(allowed));
  if (root.empty() && allowed.size() < online) {
    return doubtful(
        "cores", value,
        "this process may use a part of the CPUs only: see taskset, cpuset or the container's limits");
  }
  return ok("cores", value);
}

HostFact governor(const std::string& root) {
  std::set<std::string> governors;
  for (const int cpu : online_cpus(root)) {
    const auto word =
        read_line(fmt::format("{}/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", root, cpu));
    if (!word.empty()) governors.insert(word);
  }
  if (governors.empty()) return unknown("governor");
  const auto value = fmt::format("{}", fmt::join(governors, ", "));
  if (governors == std::set<std::string>{"performance"}) return ok("governor", value);
  return doubtful("governor", value, "clocks follow the load: cpupower frequency-set -g performance");
}

HostFact boost(const std::string& root) {
  const auto general = read_line(root + "/sys/devices/system/cpu/cpufreq/boost");
  const auto intel = read_line(root + "/sys/devices/system/cpu/intel_pstate/no_turbo");
  if (general.empty() && intel.empty()) return unknown("boost");
  const bool on = intel.empty() ? general == "1" : intel == "0";
  if (!on) return ok("boost", "off");
  return doubtful(
      "boost", "on",
      intel.empty() ? "clocks depend on temperature: echo 0 > /sys/devices/system/cpu/cpufreq/boost"
                    : "clocks depend on temperature: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo");
}

HostFact smt(const std::string& root) {
  const auto active = read_line(root + "/sys/devices/system/cpu/smt/active");
  if (active.empty()) return unknown("smt");
  if (active == "0") return ok("smt", "off");
  return doubtful("smt", "on", "two threads share a core: give engines no more threads than cores, or nosmt");
}

HostFact numa(const std::string& root) {
  const auto nodes = parse_cpu_list(read_line(root + "/sys/devices/system/node/online"));
  if (nodes.empty()) return unknown("numa");
  const auto value = fmt::format("{} node{}", nodes.size(), nodes.size() == 1 ? "" : "s");
  if (nodes.size() == 1) return ok("numa", value);
  return doubtful("numa", value,
                  "memory may be far from the cores: bind the engine to one node (numactl, or its own flag)");
}

HostFact cpu_split(const CpuSplit& split) {
  if (!split.engine.empty()) {
    return ok("cpu split",
              fmt::format("engine on CPUs {}, load generator on {} ({})", cpu_list_text(split.engine),
                          cpu_list_text(split.client), split.reason));
  }
  return doubtful("cpu split", fmt::format("none: {}", split.reason.empty() ? "not asked for" : split.reason),
                  "an engine that computes on the CPU shares it with the load generator: expect what a host "
                  "with more cores does to be better");
}

HostFact memory(const std::string& root) {
  const auto text = read_text(root + "/proc/meminfo").value_or("");
  const auto total = number_after(text, "MemTotal");
  const auto available = number_after(text, "MemAvailable");
  if (!total || !available) return unknown("memory");
  return ok("memory",
            fmt::format("{:.1f} of {:.1f} GiB available", static_cast<double>(*available) / kib_per_gib,
                        static_cast<double>(*total) / kib_per_gib));
}

HostFact swap(const std::string& root) {
  const auto text = read_text(root + "/proc/meminfo").value_or("");
  const auto total = number_after(text, "SwapTotal");
  const auto free = number_after(text, "SwapFree");
  if (!total || !free) return unknown("swap");
  if (*total == 0) return ok("swap", "none");
  const auto used = static_cast<double>(*total - *free) / kib_per_gib;
  const auto value =
      fmt::format("{:.1f} of {:.1f} GiB used", used, static_cast<double>(*total) / kib_per_gib);
  return doubtful("swap", value, "an engine that is swapped out measures the disk: swapoff -a while tuning");
}

HostFact cpu_limit() {
  const auto quota = cpu_quota();
  if (!quota) return ok("cpu limit", "none");
  return doubtful("cpu limit", fmt::format("{:.2f} CPUs", *quota),
                  "a cgroup stops the engine in the middle of its work: raise its CPU quota");
}

HostFact memory_limit() {
  const auto group = own_memory_group();
  if (group.version == 0) return unknown("memory limit");
  const auto limit =
      read_integer(group.folder + (group.version == 1 ? "/memory.limit_in_bytes" : "/memory.max"));
  constexpr std::int64_t no_limit = std::int64_t{1} << 60;
  if (!limit || *limit >= no_limit) return ok("memory limit", "none");
  const auto value = fmt::format("{:.1f} GiB", static_cast<double>(*limit) / kib_per_gib / 1024.0);
  return doubtful("memory limit", value,
                  "a cgroup limits this process and its engines: raise its memory limit for larger models");
}

HostFact load(const std::string& root) {
  const auto text = read_line(root + "/proc/loadavg");
  const auto average = base::to_number(text.substr(0, text.find(' ')));
  const auto cpus = online_cpus(root).size();
  if (!average || cpus == 0) return unknown("load");
  const auto value = fmt::format("{:.2f} on {} CPUs", *average, cpus);
  if (*average <= busy_share * static_cast<double>(cpus)) return ok("load", value);
  return doubtful("load", value, "something else is running or ran within the last minute: see top");
}

HostFact huge_pages(const std::string& root) {
  const auto text = read_line(root + "/sys/kernel/mm/transparent_hugepage/enabled");
  const auto open = text.find('[');
  const auto close = text.find(']');
  if (open == std::string::npos || close == std::string::npos) return unknown("transparent huge pages");
  const auto word = text.substr(open + 1, close - open - 1);
  if (word != "never") return ok("transparent huge pages", word);
  return doubtful(
      "transparent huge pages", word,
      "large models pay with TLB misses: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
}

HostFact driver(const std::string& root) {
  const auto text = read_text(root + "/proc/driver/nvidia/version").value_or("");
  const auto first = text.substr(0, text.find('\n'));
  if (first.empty()) return ok("gpu driver", "none");
  for (const auto& word : base::split(first, ' ')) {
    if (word.contains('.') && base::to_number(word.substr(0, word.find('.'))))
      return ok("gpu driver", "NVIDIA " + word);
  }
  return ok("gpu driver", first);
}

/// Whether a GPU may draw less than it could. One fact for all of them.
HostFact gpus(const std::vector<gpu::Device>& devices) {
  if (devices.empty()) return ok("gpus", "none");
  std::vector<std::string> parts;
  for (const auto& device : devices) {
    const auto limit =
        device.power_limit ? fmt::format(" ({:.0f} W limit)", *device.power_limit) : std::string();
    parts.push_back(device.name + limit);
  }
  const auto value = base::join(parts, ", ");
  const bool busy =
      std::ranges::any_of(devices, [](const auto& d) { return d.utilization_gpu.value_or(0) > 5; });
  if (busy) return doubtful("gpus", value, "a GPU is computing for somebody else: see nvidia-smi");
  return ok("gpus", value);
}

}  // namespace

std::vector<HostFact> audit_host(const AuditSources& sources) {
  const auto& root = sources.root;
  std::vector<HostFact> facts = {cpu_model(root),  cores(root), governor(root),          boost(root),
                                 smt(root),        numa(root),  cpu_split(sources.cpus), memory(root),
                                 swap(root),       cpu_limit(), memory_limit(),          load(root),
                                 huge_pages(root), driver(root)};
  const auto devices = list_gpus(sources.environment);
  facts.push_back(devices ? gpus(*devices) : doubtful("gpus", "unknown", devices.error().message));
  return facts;
}

engine::Hardware detect_hardware(const std::map<std::string, std::string>& environment,
                                 const std::vector<int>& engine_cpus) {
  engine::Hardware hardware;
  const auto cpus = engine_cpus.empty() ? allowed_cpus() : engine_cpus;
  const double usable = std::min(static_cast<double>(physical_cores(cpus)), usable_cores(engine_cpus));
  hardware.cores = std::max(1, static_cast<int>(usable));
  hardware.memory_gib = static_cast<double>(free_memory()) / kib_per_gib / 1024.0;
  const auto devices = list_gpus(environment);
  if (!devices || devices->empty()) return hardware;
  hardware.gpus = static_cast<int>(devices->size());
  hardware.gpu_name = devices->front().name;
  hardware.gpu_memory_gib = devices->front().memory_total_mb.value_or(0) / 1024.0;
  return hardware;
}

}  // namespace autotuner::hosts
