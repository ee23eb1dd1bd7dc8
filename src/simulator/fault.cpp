#include "simulator/fault.hpp"

#include <array>
#include <optional>

#include "base/text.hpp"

namespace autotuner::simulator {
namespace {

constexpr std::array faults{
    FaultHelp{FaultKind::none, "none", "serves as it should"},
    FaultHelp{FaultKind::start, "start", "exits with code 1 before it listens"},
    FaultHelp{FaultKind::oom, "oom", "exits with code 1 and 'out of memory (simulated)' before it listens"},
    FaultHelp{FaultKind::oom_load, "oom-load", "the same, on the fifth request for text"},
    FaultHelp{FaultKind::hang, "hang", "accepts connections and never answers, /health included"},
    FaultHelp{FaultKind::die_after, "die-after-Ns",
              "exits with code 1 (or by --die-signal) N seconds after it became ready"},
    FaultHelp{FaultKind::error_rate, "error-rate-R",
              "answers a share R (0..1, drawn by --seed) of the requests for text with HTTP 500"},
    FaultHelp{FaultKind::refuse, "refuse", "lives, but refuses every connection"},
    FaultHelp{FaultKind::too_many, "429", "answers requests for text with HTTP 429 and Retry-After: 1"},
    FaultHelp{FaultKind::unavailable, "503", "answers requests for text with HTTP 503"},
    FaultHelp{FaultKind::reset, "reset", "resets the connection after the third token"},
    FaultHelp{FaultKind::stall, "stall",
              "sends nothing more after the third token, the connection stays open"},
    FaultHelp{FaultKind::garbage, "garbage", "answers HTTP 200 with a body that is neither JSON nor UTF-8"},
};

const FaultHelp& help_of(FaultKind kind) {
  for (const auto& row : faults) {
    if (row.kind == kind) return row;
  }
  return faults.front();
}

/// The number between the two constant parts, as in "die-after-" N "s".
std::optional<double> number_between(std::string_view text, std::string_view before, std::string_view after) {
  if (!text.starts_with(before) || !text.ends_with(after)) return std::nullopt;
  if (text.size() < before.size() + after.size()) return std::nullopt;
  text.remove_prefix(before.size());
  text.remove_suffix(after.size());
  return base::to_number(text);
}

}  // namespace

std::span<const FaultHelp> all_faults() {
  return faults;
}

base::Result<Fault> parse_fault(std::string_view text) {
  for (const auto& row : faults) {
    const bool has_number = row.kind == FaultKind::die_after || row.kind == FaultKind::error_rate;
    if (!has_number && row.spelling == text) return Fault{row.kind, 0};
  }
  if (const auto seconds = number_between(text, "die-after-", "s");
      seconds && *seconds >= 0 && *seconds < 1e6) {
    return Fault{FaultKind::die_after, *seconds};
  }
  if (const auto share = number_between(text, "error-rate-", ""); share && *share >= 0 && *share <= 1) {
    return Fault{FaultKind::error_rate, *share};
  }
  std::string known;
  for (const auto& row : faults) known += (known.empty() ? "" : ", ") + std::string(row.spelling);
  return base::invalid_input("--fail is '{}'; must be one of {} (N >= 0, R from 0 to 1)", text, known);
}

std::string to_text(const Fault& fault) {
  if (fault.kind == FaultKind::die_after) return fmt::format("die-after-{}s", fault.value);
  if (fault.kind == FaultKind::error_rate) return fmt::format("error-rate-{}", fault.value);
  return std::string(help_of(fault.kind).spelling);
}

}  // namespace autotuner::simulator
