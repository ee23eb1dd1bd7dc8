#include "simulator/fixed_pace.hpp"

#include <cmath>

#include "simulator/cost_model.hpp"

namespace autotuner::simulator {
namespace {

std::chrono::nanoseconds from_ms(std::optional<double> ms) {
  return std::chrono::nanoseconds(std::llround(ms.value_or(0) * 1e6));
}

}  // namespace

FixedPace::FixedPace(const Options& options)
    : ttft_(from_ms(options.ttft_ms)),
      tpot_(from_ms(options.tpot_ms)),
      max_running_(options.max_num_seqs),
      kv_room_(kv_room_tokens(options)) {}

void FixedPace::submit(const Job& job, base::SteadyTime arrival) {
  waiting_.push_back(job);
  admit(arrival);
}

void FixedPace::cancel(JobId id, base::SteadyTime now) {
  std::erase_if(waiting_, [id](const Job& job) { return job.id == id; });
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  kv_used_ -= found->second.job.kv_tokens;
  running_.erase(found);
  admit(now);
  drop_stale();
}

std::optional<base::SteadyTime> FixedPace::next_due() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.top().time;
}

void FixedPace::advance(base::SteadyTime now, std::vector<Token>& out) {
  while (!queue_.empty() && queue_.top().time <= now) {
    const auto due = queue_.top();
    queue_.pop();
    const auto found = running_.find(due.id);
    if (found != running_.end()) {
      auto& running = found->second;
      ++running.produced;
      const bool last = running.produced >= running.job.output_tokens;
      out.push_back({due.id, due.time, last});
      if (last) {
        kv_used_ -= running.job.kv_tokens;
        running_.erase(found);
        admit(due.time);
      } else {
        schedule(running);
      }
    }
    drop_stale();
  }
}

Load FixedPace::load() const {
  return {static_cast<std::int64_t>(running_.size()), static_cast<std::int64_t>(waiting_.size()), kv_used_};
}

void FixedPace::admit(base::SteadyTime now) {
  while (!waiting_.empty()) {
    const auto& next = waiting_.front();
    const bool has_seat = static_cast<std::int64_t>(running_.size()) < max_running_;
    if (!has_seat || kv_used_ + next.kv_tokens > kv_room_) return;
    kv_used_ += next.kv_tokens;
    const Running running{next, now, 0};
    running_.emplace(next.id, running);
    schedule(running);
    waiting_.pop_front();
  }
}

void FixedPace::schedule(const Running& running) {
  queue_.push({running.start + ttft_ + running.produced * tpot_, running.job.id});
}

void FixedPace::drop_stale() {
  while (!queue_.empty() && !running_.contains(queue_.top().id)) queue_.pop();
}

}  // namespace autotuner::simulator
