#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "simulator/job.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// One copy of an engine that answers with fixed delays: token k of a job is due at its start + ttft + k *
/// tpot, whatever else runs. A job starts when it arrives, or, if max-num-seqs or the KV cache are exhausted,
/// when an earlier one ends. Pure, time is given to it; the members mean the same as those of BatchingCopy.
class FixedPace {
 public:
  /// Needs options.ttft_ms and options.tpot_ms.
  explicit FixedPace(const Options& options);

  void submit(const Job& job, base::SteadyTime arrival);
  void cancel(JobId id, base::SteadyTime now);
  std::optional<base::SteadyTime> next_due() const;
  void advance(base::SteadyTime now, std::vector<Token>& out);
  Load load() const;

 private:
  struct Running {
    Job job;
    base::SteadyTime start;
    std::int64_t produced = 0;
  };
  struct Due {
    base::SteadyTime time;
    JobId id = 0;
    bool operator>(const Due& other) const { return time != other.time ? time > other.time : id > other.id; }
  };

  void admit(base::SteadyTime now);
  void schedule(const Running& running);
  void drop_stale();

  std::chrono::nanoseconds ttft_;
  std::chrono::nanoseconds tpot_;
  std::int64_t max_running_;
  std::int64_t kv_room_;
  std::deque<Job> waiting_;
  std::unordered_map<JobId, Running> running_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;
  std::int64_t kv_used_ = 0;
};

}  // namespace autotuner::simulator
