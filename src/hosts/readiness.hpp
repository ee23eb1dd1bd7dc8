#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/failure.hpp"
#include "hosts/engine_log.hpp"
#include "hosts/http_probe.hpp"
#include "hosts/process.hpp"

namespace autotuner::hosts {

/// How long to wait after the n-th unsuccessful round of probes (0, 1, ...): 10 ms, doubled up to 1 s. A
/// small engine is up in a quarter of a second; a fixed wait of seconds would cost more than its whole start.
std::chrono::milliseconds pause_after(int round);

struct ReadinessPlan {
  int port = 0;
  std::vector<std::string> health_paths;  ///< any 200 means ready
  base::SteadyTime deadline;
  std::chrono::milliseconds probe_limit{5000};
};

struct Readiness {
  enum class Outcome { ready, timeout, exited, cancelled, stranger };
  Outcome outcome = Outcome::timeout;
  std::string detail;                        ///< last probes of a timeout, owner of a stranger's socket
  std::optional<engine::ExitStatus> status;  ///< exited
  double seconds = 0;

  bool operator==(const Readiness&) const = default;
};

/// Waits until the engine answers on its port and the socket that answers is its own. Ends at once when the
/// process ends, within 100 ms at a stop request. `progress` hears now and then what the wait is about.
Readiness wait_until_ready(const ReadinessPlan& plan, const Process& process, const EngineLog& log,
                           HttpProbe& probe, const std::stop_token& stop,
                           const std::function<void(std::string detail)>& progress);

}  // namespace autotuner::hosts
