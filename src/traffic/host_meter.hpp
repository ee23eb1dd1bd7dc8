#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace autotuner::traffic {

/// CPU time of this host since boot, in ticks.
struct HostTicks {
  std::uint64_t total = 0;
  std::uint64_t stolen = 0;
};

/// The first line of /proc/stat; nothing if it can't be read as that.
std::optional<HostTicks> parse_host_ticks(std::string_view proc_stat);
std::optional<HostTicks> read_host_ticks();
/// Share of the time between that the hypervisor gave to others, 0..1.
double stolen_share(const std::optional<HostTicks>& before, const std::optional<HostTicks>& after);

/// CPU time the calling thread has used.
base::Seconds thread_cpu_time();

}  // namespace autotuner::traffic
