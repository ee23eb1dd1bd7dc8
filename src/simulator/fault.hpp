#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace autotuner::simulator {

enum class FaultKind {
  none,
  start,
  oom,
  oom_load,
  hang,
  die_after,
  error_rate,
  refuse,
  too_many,
  unavailable,
  reset,
  stall,
  garbage,
};

/// What goes wrong on purpose. `value` is the seconds of die_after and the share of error_rate.
struct Fault {
  FaultKind kind = FaultKind::none;
  double value = 0;
  bool operator==(const Fault&) const = default;
};

/// One row per fault: how it is written and what it does, for --help and the documentation.
struct FaultHelp {
  FaultKind kind;
  std::string_view spelling;  ///< "die-after-Ns": N stands for a number
  std::string_view help;
};
std::span<const FaultHelp> all_faults();

/// "none", "oom-load", "die-after-2.5s", "error-rate-0.1". Errors: invalid_input with the known spellings.
base::Result<Fault> parse_fault(std::string_view text);
std::string to_text(const Fault& fault);

}  // namespace autotuner::simulator
