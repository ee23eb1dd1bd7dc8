#include "simulator/scheduler.hpp"

#include "simulator/cost_model.hpp"

namespace autotuner::simulator {

Scheduler::Scheduler(const Options& options) : kv_room_(kv_room_tokens(options)) {
  for (std::int64_t copy = 0; copy < options.data_parallel_size; ++copy) {
    if (options.ttft_ms && options.tpot_ms) {
      copies_.emplace_back(FixedPace(options));
    } else {
      copies_.emplace_back(BatchingCopy(options, static_cast<std::uint64_t>(copy)));
    }
  }
}

void Scheduler::submit(const Job& job, base::SteadyTime arrival) {
  std::visit([&](auto& copy) { copy.submit(job, arrival); }, copies_[turn_]);
  copy_of_.emplace(job.id, turn_);
  turn_ = (turn_ + 1) % copies_.size();
}

void Scheduler::cancel(JobId id, base::SteadyTime now) {
  const auto found = copy_of_.find(id);
  if (found == copy_of_.end()) return;
  std::visit([&](auto& copy) { copy.cancel(id, now); }, copies_[found->second]);
  copy_of_.erase(found);
}

std::optional<base::SteadyTime> Scheduler::next_due() const {
  std::optional<base::SteadyTime> earliest;
  for (const auto& copy : copies_) {
    const auto due = std::visit([](const auto& one) { return one.next_due(); }, copy);
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

void Scheduler::advance(base::SteadyTime now, std::vector<Token>& out) {
  const auto before = out.size();
  for (auto& copy : copies_) std::visit([&](auto& one) { one.advance(now, out); }, copy);
  for (auto i = before; i < out.size(); ++i) {
    if (out[i].last) copy_of_.erase(out[i].id);
  }
}

Load Scheduler::load() const {
  Load sum;
  for (const auto& copy : copies_) {
    const auto load = std::visit([](const auto& one) { return one.load(); }, copy);
    sum.running += load.running;
    sum.waiting += load.waiting;
    sum.kv_tokens += load.kv_tokens;
  }
  return sum;
}

}  // namespace autotuner::simulator
