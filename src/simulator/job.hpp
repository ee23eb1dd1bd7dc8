#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace autotuner::simulator {

using JobId = std::uint64_t;

/// One request for text, as the scheduler sees it.
struct Job {
  JobId id = 0;
  std::int64_t prompt_tokens = 1;
  std::int64_t output_tokens = 1;  ///< that will be generated
  std::int64_t kv_tokens = 2;      ///< room it holds in the KV cache while it runs: prompt and longest answer
  bool operator==(const Job&) const = default;
};

/// A token that came out at `due`.
struct Token {
  JobId id = 0;
  base::SteadyTime due;
  bool last = false;
  bool operator==(const Token&) const = default;
};

/// What is going on, summed over the copies.
struct Load {
  std::int64_t running = 0;
  std::int64_t waiting = 0;
  std::int64_t kv_tokens = 0;  ///< held by the running ones
  bool operator==(const Load&) const = default;
};

}  // namespace autotuner::simulator
