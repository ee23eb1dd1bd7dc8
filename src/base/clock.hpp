#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace autotuner::base {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;
using Seconds = std::chrono::duration<double>;

/// Where time comes from. `steady` measures, `system` only stamps. Safe from several threads.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual SystemTime system() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  SystemTime system() const override { return std::chrono::system_clock::now(); }
};

/// ISO 8601 in UTC, microseconds left out when zero: "2026-01-15T09:16:07.250000Z".
std::string to_iso_text(SystemTime time);

/// "2026-01-15 09:16 UTC" of an ISO text, for people; any other text as it is.
std::string to_readable_time(std::string_view iso);

/// "850 ms", "12.3 s", "4 min 05 s", "1 h 50 min": three digits at most, for people.
std::string to_duration_text(Seconds duration);

}  // namespace autotuner::base
