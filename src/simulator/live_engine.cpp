#include "simulator/live_engine.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace autotuner::simulator {

namespace asio = boost::asio;

LiveEngine::LiveEngine(asio::io_context& io, const Options& options)
    : options_(options), scheduler_(options), timer_(io, base::SteadyTime::max()) {}

JobId LiveEngine::submit(Job job, base::SteadyTime arrival, Exchange& exchange) {
  job.id = ++last_id_;
  active_.emplace(job.id, Active{&exchange, arrival, job.prompt_tokens, false, exchange.ends_early()});
  scheduler_.submit(job, arrival);
  const auto due = scheduler_.next_due();
  if (due && *due < timer_.expiry()) timer_.cancel();
  return job.id;
}

void LiveEngine::forget(JobId id) {
  if (active_.erase(id) == 0) return;
  scheduler_.cancel(id, std::chrono::steady_clock::now());
  ++totals_.aborted;
  timer_.cancel();
}

asio::awaitable<void> LiveEngine::run() {
  for (;;) {
    deliver(std::chrono::steady_clock::now());
    timer_.expires_at(scheduler_.next_due().value_or(base::SteadyTime::max()));
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void LiveEngine::deliver(base::SteadyTime now) {
  tokens_.clear();
  scheduler_.advance(now, tokens_);
  touched_.clear();
  for (const auto& token : tokens_) {
    const auto found = active_.find(token.id);
    if (found == active_.end()) continue;
    auto* const exchange = found->second.exchange;
    exchange->on_token(token.last);
    if (exchange->touch()) touched_.push_back(exchange);
    record(found->second, token);
    if (token.last) active_.erase(found);
  }
  for (auto* const exchange : touched_) exchange->flush();
}

void LiveEngine::record(Active& active, const Token& token) {
  const base::Seconds since_arrival = token.due - active.arrival;
  ++totals_.generation_tokens;
  if (!active.has_spoken) {
    active.has_spoken = true;
    totals_.prompt_tokens += active.prompt_tokens;
    ++totals_.first_tokens;
    totals_.first_token_seconds += since_arrival.count();
  }
  if (!token.last) return;
  ++totals_.finished;
  totals_.request_seconds += since_arrival.count();
  ++(active.ends_early ? totals_.ended_by_stop : totals_.ended_by_length);
}

std::string LiveEngine::metrics() const {
  return metrics_body(options_, totals_, scheduler_.load(), scheduler_.kv_room());
}

}  // namespace autotuner::simulator
