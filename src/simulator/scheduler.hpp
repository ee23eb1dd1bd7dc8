#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "simulator/batching_copy.hpp"
#include "simulator/fixed_pace.hpp"
#include "simulator/job.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// The whole engine without its sockets: data-parallel-size independent copies that are given jobs in turn,
/// each with continuous batching, or with fixed delays where ttft-ms and tpot-ms are set. Pure; time is an
/// input.
class Scheduler {
 public:
  /// Needs an option set that passed check_memory.
  explicit Scheduler(const Options& options);

  /// True if the job can run at all, alone in an empty KV cache.
  bool fits(const Job& job) const { return job.kv_tokens <= kv_room_; }
  /// Needs fits(job), a fresh id, prompt and output of at least one token, and arrivals in order.
  void submit(const Job& job, base::SteadyTime arrival);
  /// Gives up a job: no further tokens, its room is free for the next step. Unknown ids are ignored.
  void cancel(JobId id, base::SteadyTime now);
  /// When `advance` has something to do next; nothing while idle.
  std::optional<base::SteadyTime> next_due() const;
  /// Appends the tokens due by `now`, per copy in order of time.
  void advance(base::SteadyTime now, std::vector<Token>& out);

  Load load() const;
  /// Tokens that the KV caches of all copies hold.
  std::int64_t kv_room() const { return kv_room_ * static_cast<std::int64_t>(copies_.size()); }
  /// The same for one copy: the longest request that can run.
  std::int64_t kv_room_per_copy() const { return kv_room_; }

 private:
  using Copy = std::variant<BatchingCopy, FixedPace>;

  std::int64_t kv_room_;
  std::vector<Copy> copies_;
  std::size_t turn_ = 0;
  std::unordered_map<JobId, std::size_t> copy_of_;
};

}  // namespace autotuner::simulator
