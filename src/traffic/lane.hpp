#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "load/record.hpp"
#include "traffic/answer_reader.hpp"
#include "traffic/level_plan.hpp"
#include "traffic/stamped_stream.hpp"

namespace autotuner::traffic {

/// What the lanes of a level share.
class LevelState {
 public:
  void set_start(base::SteadyTime start) { start_ = start; }  ///< before any lane runs users
  base::SteadyTime start() const { return start_; }
  Nanoseconds since_start(base::SteadyTime at) const { return at - start_; }

  /// The first reason stays.
  void stop(std::string reason);
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  std::string reason() const;
  /// A bug's trace: an exception that reached the top of a coroutine.
  void report_fault(std::string what);
  std::string fault() const;

  void request_sent();
  void request_over(const load::RequestRecord& record);
  LiveView view(base::SteadyTime now) const;
  int peak_in_flight() const { return peak_.load(); }

 private:
  base::SteadyTime start_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::string reason_;
  std::string fault_;
  std::atomic<int> in_flight_{0};
  std::atomic<int> peak_{0};
  std::atomic<int> finished_{0};
  std::atomic<int> failed_{0};
  std::atomic<std::int64_t> output_tokens_{0};
};

/// One sender thread's share of a level: some of its users on an io_context of their own. All members but
/// interrupt() belong to that thread.
class Lane {
 public:
  /// Users first, first + step, ... of the plan. The lane that leads asks the stop rules and tells progress.
  Lane(const LevelPlan& plan, Peer& peer, LevelState& state, int first, int step);

  /// Opens the connections. What can't be opened now is tried again by its first request.
  void connect();
  /// Runs the users to their end.
  void run();
  /// Ends all waits; safe from any thread, after state.stop().
  void interrupt();

  std::vector<load::RequestRecord> take_records() { return std::move(records_); }
  std::vector<Nanoseconds> take_lags() { return std::move(lags_); }
  double busy_share() const { return busy_share_; }
  std::uint64_t events() const;
  std::uint64_t coalesced_events() const;

 private:
  struct User {
    User(asio::io_context& io, Peer& peer, EventReader& events, int user_number)
        : number(user_number), stream(make_stream(io, peer)), answer(events), pause(io) {}
    int number;
    std::unique_ptr<StampedStream> stream;
    AnswerReader answer;
    asio::steady_timer pause;
    base::SteadyTime give_up_at = base::SteadyTime::max();
    bool gave_up = false;
    std::array<char, 4096> buffer{};
  };
  enum class Attempt { over, try_again };

  void abort_all();
  void give_up_late(base::SteadyTime now);
  asio::awaitable<void> open(User& user);
  asio::awaitable<void> limit_connecting();
  asio::awaitable<void> serve(User& user);
  asio::awaitable<bool> wait_for(User& user, Nanoseconds scheduled);
  asio::awaitable<bool> exchange(User& user, const PreparedRequest& request, load::RequestRecord& record);
  asio::awaitable<Attempt> read_answer(User& user, bool kept_connection);
  asio::awaitable<void> supervise();
  void look(base::SteadyTime now, int tick);
  template <class Work>
  void start(Work work);

  const LevelPlan& plan_;
  LevelState& state_;
  bool leads_;
  asio::io_context io_{1};
  EventReader event_reader_;
  std::vector<std::unique_ptr<User>> users_;
  asio::steady_timer tick_{io_};
  int live_ = 0;
  std::vector<load::RequestRecord> records_;
  std::vector<Nanoseconds> lags_;
  double busy_share_ = 0;
};

}  // namespace autotuner::traffic
