#include "hosts/host_usage.hpp"

#include <algorithm>

#include <unistd.h>

#include "base/text.hpp"
#include "hosts/process_table.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {

std::uint64_t busy_ticks(std::string_view stat) {
  const auto line = base::split(stat.substr(0, stat.find('\n')), ' ');
  std::vector<std::uint64_t> fields;
  for (const auto& field : line) {
    if (const auto value = base::to_number(field)) fields.push_back(static_cast<std::uint64_t>(*value));
  }
  // user nice system idle iowait irq softirq steal guest guest_nice; guests are part of user and nice.
  if (fields.size() < 8) return 0;
  return fields[0] + fields[1] + fields[2] + fields[7];
}

CpuTimes read_cpu_times() {
  CpuTimes times;
  for (const auto& process : tree_of(::getpid(), all_processes())) times.known += process.cpu_ticks;
  times.busy = busy_ticks(read_text("/proc/stat").value_or(""));
  times.at = std::chrono::steady_clock::now();
  return times;
}

double foreign_cores(const CpuTimes& before, const CpuTimes& after, double ticks_per_second) {
  const double seconds = base::Seconds(after.at - before.at).count();
  if (seconds <= 0 || ticks_per_second <= 0) return 0;
  const auto delta = [](std::uint64_t from, std::uint64_t to) {
    return to > from ? static_cast<double>(to - from) : 0.0;
  };
  return std::max(0.0, delta(before.busy, after.busy) - delta(before.known, after.known)) / ticks_per_second /
         seconds;
}

void UsageMeter::begin() {
  const auto now = read_cpu_times();
  const std::lock_guard lock(mutex_);
  begun_ = now;
}

tuning::HostUsage UsageMeter::usage() const {
  const auto now = read_cpu_times();
  const std::lock_guard lock(mutex_);
  return {foreign_cores(begun_, now, static_cast<double>(::sysconf(_SC_CLK_TCK))), engine_cores_};
}

}  // namespace autotuner::hosts
