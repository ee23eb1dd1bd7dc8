#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace autotuner::load {

using Nanoseconds = std::chrono::nanoseconds;

/// One request as it happened. Times are steady-clock offsets from the start of the level; each is taken
/// directly after the read (or before the write), never after parsing.
struct RequestRecord {
  Nanoseconds scheduled{0};  ///< intended start; equals `sent` in a closed loop
  Nanoseconds sent{0};
  std::optional<Nanoseconds> first_token;
  std::optional<Nanoseconds> last_token;
  std::optional<Nanoseconds> end;   ///< stream finished; nothing = unfinished at the stop
  std::vector<Nanoseconds> chunks;  ///< arrival of each content chunk, the first one included

  int input_tokens = 0;
  int output_tokens = 0;
  int reasoning_tokens = 0;
  int cached_tokens = 0;
  int asked_output_tokens = 0;    ///< 0 = not limited
  bool tokens_estimated = false;  ///< the server reported no usage
  bool short_answer = false;      ///< fewer tokens than asked for

  std::optional<int> error_code;  ///< HTTP status; 503 connection, 408 timeout, 500 transport, -1 in-stream
  std::string error_message;

  bool finished() const { return end.has_value(); }
  bool ok() const { return finished() && !error_code; }
};

/// What the generator knows of itself and of the host while it measured one level.
struct ClientFacts {
  double cpu_busy = 0;     ///< share of one core used by the busiest sender thread, 0..1
  double foreign_cpu = 0;  ///< cores used by processes that are neither ours nor the engine's
  double stolen = 0;       ///< share of time stolen by the hypervisor
  Nanoseconds loop_lag_p99{0};
  int peak_in_flight = 0;
  std::uint64_t coalesced_events = 0;  ///< chunks that arrived in the same read as an earlier one
  std::uint64_t events = 0;
};

/// One measured (scenario, level) before it is turned into figures.
struct LevelRun {
  std::vector<RequestRecord> records;  ///< completed, failed and unfinished, in order of sending
  Nanoseconds duration{0};             ///< start to the finish of the last counted request
  ClientFacts client;
  std::string stopped;  ///< max_requests, max_time, deadline, cancelled, engine_died, precise, hopeless
};

}  // namespace autotuner::load
