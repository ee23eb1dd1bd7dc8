#include "traffic/host_meter.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <string>

namespace autotuner::traffic {

std::optional<HostTicks> parse_host_ticks(std::string_view proc_stat) {
  if (!proc_stat.starts_with("cpu ")) return std::nullopt;
  proc_stat = proc_stat.substr(0, proc_stat.find('\n'));
  proc_stat.remove_prefix(3);
  constexpr int stolen_column =
      7;  // user nice system idle iowait irq softirq steal; guest time is inside user
  HostTicks ticks;
  for (int column = 0; column <= stolen_column; ++column) {
    while (proc_stat.starts_with(' ')) proc_stat.remove_prefix(1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(proc_stat.data(), proc_stat.data() + proc_stat.size(), value);
    if (error != std::errc{}) return std::nullopt;
    proc_stat.remove_prefix(static_cast<std::size_t>(end - proc_stat.data()));
    ticks.total += value;
    if (column == stolen_column) ticks.stolen = value;
  }
  return ticks;
}

std::optional<HostTicks> read_host_ticks() {
  std::ifstream file("/proc/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return parse_host_ticks(line);
}

double stolen_share(const std::optional<HostTicks>& before, const std::optional<HostTicks>& after) {
  if (!before || !after || after->total <= before->total || after->stolen < before->stolen) return 0;
  return static_cast<double>(after->stolen - before->stolen) /
         static_cast<double>(after->total - before->total);
}

base::Seconds thread_cpu_time() {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return base::Seconds(0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace autotuner::traffic
