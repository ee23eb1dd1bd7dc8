#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "simulator/cost_model.hpp"
#include "simulator/job.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// One copy of an engine with continuous batching: a pure machine, time is given to it.
///
/// Work goes on in steps. At the start of a step, waiting sequences that have arrived are admitted in their
/// order as long as max-num-seqs and the KV cache allow. A step gives each sequence whose prompt was read
/// before one token, and reads up to max-num-batched-tokens prompt tokens of the others; a sequence gets its
/// first token at the end of the step that reads the end of its prompt. The next step begins where the last
/// one was due to end, however late `advance` is called, so lateness does not add up.
class BatchingCopy {
 public:
  /// `stream` separates the noise of the copies. Needs an option set that passed check_memory.
  BatchingCopy(const Options& options, std::uint64_t stream);

  /// Needs job.kv_tokens <= kv_room_tokens(options), prompt and output >= 1, and arrivals in order.
  void submit(const Job& job, base::SteadyTime arrival);
  /// Forgets a job wherever it is; the step under way keeps its length. Unknown ids are ignored.
  void cancel(JobId id, base::SteadyTime now);
  /// When the step under way ends; nothing if idle.
  std::optional<base::SteadyTime> next_due() const;
  /// Ends all steps due by `now` and appends the tokens that came out, in order of time.
  void advance(base::SteadyTime now, std::vector<Token>& out);
  Load load() const;

 private:
  struct Sequence {
    Job job;
    base::SteadyTime arrival;
    std::int64_t prompt_left = 0;
    std::int64_t produced = 0;
    std::int64_t reading = 0;  ///< prompt tokens of the step under way
    bool speaking = false;     ///< is given a token by the step under way
  };

  void admit(base::SteadyTime start);
  StepWork share_out();
  void begin_step(base::SteadyTime start);
  void end_step(std::vector<Token>& out);

  Options options_;
  std::int64_t kv_room_;
  base::Random noise_;
  std::deque<Sequence> waiting_;
  std::vector<Sequence> running_;
  std::int64_t kv_used_ = 0;
  std::optional<base::SteadyTime> due_;
};

}  // namespace autotuner::simulator
