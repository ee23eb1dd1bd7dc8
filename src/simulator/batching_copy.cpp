#include "simulator/batching_copy.hpp"

#include <algorithm>

namespace autotuner::simulator {

BatchingCopy::BatchingCopy(const Options& options, std::uint64_t stream)
    : options_(options),
      kv_room_(kv_room_tokens(options)),
      noise_(static_cast<std::uint64_t>(options.seed), stream) {}

void BatchingCopy::submit(const Job& job, base::SteadyTime arrival) {
  waiting_.push_back(Sequence{.job = job, .arrival = arrival, .prompt_left = job.prompt_tokens});
  if (!due_) begin_step(arrival);
}

void BatchingCopy::cancel(JobId id, base::SteadyTime /*now*/) {
  const auto same = [id](const Sequence& sequence) { return sequence.job.id == id; };
  std::erase_if(waiting_, same);
  const auto found = std::ranges::find_if(running_, same);
  if (found == running_.end()) return;
  kv_used_ -= found->job.kv_tokens;
  running_.erase(found);
}

std::optional<base::SteadyTime> BatchingCopy::next_due() const {
  return due_;
}

void BatchingCopy::advance(base::SteadyTime now, std::vector<Token>& out) {
  while (due_ && *due_ <= now) {
    const auto end = *due_;
    end_step(out);
    begin_step(end);
  }
}

Load BatchingCopy::load() const {
  return {static_cast<std::int64_t>(running_.size()), static_cast<std::int64_t>(waiting_.size()), kv_used_};
}

void BatchingCopy::admit(base::SteadyTime start) {
  while (!waiting_.empty()) {
    const auto& next = waiting_.front();
    const bool has_seat = static_cast<std::int64_t>(running_.size()) < options_.max_num_seqs;
    if (next.arrival > start || !has_seat || kv_used_ + next.job.kv_tokens > kv_room_) return;
    kv_used_ += next.job.kv_tokens;
    running_.push_back(next);
    waiting_.pop_front();
  }
}

StepWork BatchingCopy::share_out() {
  StepWork work;
  for (auto& sequence : running_) {
    sequence.reading = 0;
    sequence.speaking = false;
    const auto room = options_.max_num_batched_tokens - work.prompt_tokens;
    if (sequence.prompt_left == 0 || room <= 0) continue;
    // Without chunks a prompt is read whole; one that is longer than a step's share still has to run.
    const bool whole = !options_.enable_chunked_prefill;
    if (whole && sequence.prompt_left > room && work.prompt_tokens > 0) continue;
    sequence.reading = whole ? sequence.prompt_left : std::min(sequence.prompt_left, room);
    work.prompt_tokens += sequence.reading;
  }
  if (!options_.enable_chunked_prefill && work.prompt_tokens > 0) return work;
  for (auto& sequence : running_) {
    if (sequence.prompt_left > 0) continue;
    sequence.speaking = true;
    ++work.sequences;
  }
  return work;
}

void BatchingCopy::begin_step(base::SteadyTime start) {
  due_.reset();
  admit(start);
  if (running_.empty() && !waiting_.empty()) {
    start = std::max(start, waiting_.front().arrival);
    admit(start);
  }
  if (running_.empty()) return;
  const auto work = share_out();
  due_ = start + step_duration(options_, work, noise_.normal());
}

void BatchingCopy::end_step(std::vector<Token>& out) {
  for (auto& sequence : running_) {
    const bool finishes_prompt = sequence.reading > 0 && sequence.reading == sequence.prompt_left;
    sequence.prompt_left -= sequence.reading;
    if (!finishes_prompt && !sequence.speaking) continue;
    ++sequence.produced;
    out.push_back({sequence.job.id, *due_, sequence.produced >= sequence.job.output_tokens});
  }
  std::erase_if(running_, [this](const Sequence& sequence) {
    const bool finished = sequence.produced >= sequence.job.output_tokens;
    if (finished) kv_used_ -= sequence.job.kv_tokens;
    return finished;
  });
}

}  // namespace autotuner::simulator
