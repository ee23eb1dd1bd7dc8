#pragma once

#include <unordered_map>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "simulator/answer.hpp"
#include "simulator/exchange.hpp"
#include "simulator/scheduler.hpp"

namespace autotuner::simulator {

/// The scheduler in real time: hands each token to its exchange when it is due. One thread.
class LiveEngine {
 public:
  LiveEngine(boost::asio::io_context& io, const Options& options);

  bool fits(const Job& job) const { return scheduler_.fits(job); }
  std::int64_t longest_request() const { return scheduler_.kv_room_per_copy(); }

  /// `exchange` must live until forget() for the returned id.
  JobId submit(Job job, base::SteadyTime arrival, Exchange& exchange);
  /// Ends the job if it still runs.
  void forget(JobId id);

  /// Delivers tokens for ever.
  boost::asio::awaitable<void> run();

  std::string metrics() const;

 private:
  struct Active {
    Exchange* exchange = nullptr;
    base::SteadyTime arrival;
    std::int64_t prompt_tokens = 0;
    bool has_spoken = false;
    bool ends_early = false;
  };

  void deliver(base::SteadyTime now);
  void record(Active& active, const Token& token);

  Options options_;
  Scheduler scheduler_;
  boost::asio::steady_timer timer_;
  std::unordered_map<JobId, Active> active_;
  std::vector<Token> tokens_;
  std::vector<Exchange*> touched_;
  Totals totals_;
  JobId last_id_ = 0;
};

}  // namespace autotuner::simulator
