#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"

namespace autotuner::tuning {

/// How long a run has taken, over all its sessions, and how long it may.
class RunClock {
 public:
  explicit RunClock(const base::Clock& clock) : clock_(clock) {}

  /// This session begins now. `earlier_s`: seconds of those before it; `limit`: of all of them together,
  /// nothing = none.
  void begin(double earlier_s, std::optional<std::chrono::duration<double>> limit);

  double elapsed() const;  ///< seconds
  /// The end of this session by the limit.
  std::optional<base::SteadyTime> deadline() const;
  /// Seconds until then, below 0 when it is past.
  std::optional<double> left() const;
  /// Whether more than so many seconds are left.
  bool has_left(double reserve_s = 0) const;

 private:
  const base::Clock& clock_;
  base::SteadyTime began_;
  double earlier_s_ = 0;
  std::optional<std::chrono::duration<double>> limit_;
};

}  // namespace autotuner::tuning
