#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "base/clock.hpp"
#include "tuning/ports/engine_host.hpp"

namespace autotuner::hosts {

/// CPU time in clock ticks, up to one moment.
struct CpuTimes {
  std::uint64_t busy = 0;   ///< of the whole host: user, nice, system, and what other machines stole from it
  std::uint64_t known = 0;  ///< of our own process tree, engines included
  base::SteadyTime at;
};

/// Busy ticks of the text of /proc/stat. Interrupts are left out: nobody can say on whose behalf they were.
std::uint64_t busy_ticks(std::string_view stat);
CpuTimes read_cpu_times();
/// Cores used by others in between: (Δbusy − Δknown) / time, never below 0.
double foreign_cores(const CpuTimes& before, const CpuTimes& after, double ticks_per_second);

/// Meters what others use of this host while an engine computes on its CPU. Thread-safe.
class UsageMeter {
 public:
  /// `engine_cores` 0: the engine does not compute on the CPU.
  explicit UsageMeter(double engine_cores) : engine_cores_(engine_cores) {}
  void begin();
  tuning::HostUsage usage() const;

 private:
  const double engine_cores_;
  mutable std::mutex mutex_;
  CpuTimes begun_ = read_cpu_times();
};

}  // namespace autotuner::hosts
