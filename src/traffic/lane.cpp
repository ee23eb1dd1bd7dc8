#include "traffic/lane.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "traffic/host_meter.hpp"

namespace autotuner::traffic {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr auto tick_period = 10ms;
constexpr auto connect_limit = 5s;
/// How long an answer that is known in full may take to release its connection.
constexpr auto drain_limit = 1s;
constexpr int ticks_per_progress = 50;

}  // namespace

void LevelState::stop(std::string reason) {
  const std::scoped_lock lock(mutex_);
  if (reason_.empty()) reason_ = std::move(reason);
  stopping_.store(true, std::memory_order_release);
}

std::string LevelState::reason() const {
  const std::scoped_lock lock(mutex_);
  return reason_;
}

void LevelState::report_fault(std::string what) {
  {
    const std::scoped_lock lock(mutex_);
    if (fault_.empty()) fault_ = std::move(what);
  }
  stop("internal");
}

std::string LevelState::fault() const {
  const std::scoped_lock lock(mutex_);
  return fault_;
}

void LevelState::request_sent() {
  const int now = in_flight_.fetch_add(1) + 1;
  int peak = peak_.load();
  while (now > peak && !peak_.compare_exchange_weak(peak, now)) {
  }
}

void LevelState::request_over(const load::RequestRecord& record) {
  in_flight_.fetch_sub(1);
  if (!record.finished()) return;
  output_tokens_.fetch_add(record.error_code ? 0 : record.output_tokens);
  failed_.fetch_add(record.error_code ? 1 : 0);
  finished_.fetch_add(1);
}

LiveView LevelState::view(base::SteadyTime now) const {
  LiveView view;
  view.elapsed = since_start(now);
  view.finished = finished_.load();
  view.failed = failed_.load();
  view.in_flight = in_flight_.load();
  view.output_tokens = output_tokens_.load();
  return view;
}

Lane::Lane(const LevelPlan& plan, Peer& peer, LevelState& state, int first, int step)
    : plan_(plan), state_(state), leads_(first == 0) {
  for (int number = first; number < plan.users; number += step) {
    users_.push_back(std::make_unique<User>(io_, peer, event_reader_, number));
  }
}

template <class Work>
void Lane::start(Work work) {
  ++live_;
  asio::co_spawn(io_, std::move(work), [this](const std::exception_ptr& failure) {
    if (failure) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        state_.report_fault(error.what());
      }
      abort_all();
    }
    if (--live_ == 0) tick_.cancel();
  });
}

void Lane::connect() {
  for (const auto& user : users_) start(open(*user));
  asio::co_spawn(io_, limit_connecting(), [](const std::exception_ptr&) {});
  io_.run();
  io_.restart();
}

asio::awaitable<void> Lane::open(User& user) {
  if (state_.stopping()) co_return;
  if (co_await user.stream->connect()) user.stream->close();
}

asio::awaitable<void> Lane::limit_connecting() {
  if (live_ == 0) co_return;
  tick_.expires_after(connect_limit);
  const auto [cancelled] = co_await tick_.async_wait(as_result);
  if (!cancelled) abort_all();
}

void Lane::run() {
  const auto cpu_before = thread_cpu_time();
  for (const auto& user : users_) start(serve(*user));
  auto last = [this](const std::exception_ptr& failure) {
    if (failure) state_.report_fault("the supervisor of a sender thread failed");
  };
  asio::co_spawn(io_, supervise(), last);
  io_.run();
  const base::Seconds wall = steady_clock::now() - state_.start();
  if (wall.count() > 0) busy_share_ = (thread_cpu_time() - cpu_before) / wall;
}

void Lane::interrupt() {
  asio::post(io_, [this] { abort_all(); });
}

void Lane::abort_all() {
  for (const auto& user : users_) {
    user->stream->close();
    user->pause.cancel();
  }
}

void Lane::give_up_late(base::SteadyTime now) {
  for (const auto& user : users_) {
    if (user->give_up_at > now) continue;
    user->gave_up = true;
    user->give_up_at = base::SteadyTime::max();
    user->stream->close();
  }
}

asio::awaitable<void> Lane::serve(User& user) {
  while (!state_.stopping()) {
    const auto turn = plan_.pacing->next(user.number, state_.since_start(steady_clock::now()));
    if (!turn || !co_await wait_for(user, turn->scheduled)) break;
    const auto& request = plan_.requests->request(turn->index);
    load::RequestRecord record;
    record.scheduled = turn->scheduled;
    record.input_tokens = request.input_tokens;
    record.asked_output_tokens = request.output_tokens;
    record.chunks.reserve(static_cast<std::size_t>(std::max(request.output_tokens, 0)) + 1);
    if (!co_await exchange(user, request, record)) continue;
    records_.push_back(std::move(record));
    state_.request_over(records_.back());
  }
  user.stream->close();
}

/// False when the level stopped meanwhile.
asio::awaitable<bool> Lane::wait_for(User& user, Nanoseconds scheduled) {
  if (state_.start() + scheduled > steady_clock::now()) {
    user.pause.expires_at(state_.start() + scheduled);
    co_await user.pause.async_wait(as_result);
  }
  co_return !state_.stopping();
}

/// One request to its end. False when it was never sent, which only a stop can cause.
asio::awaitable<bool> Lane::exchange(User& user, const PreparedRequest& request,
                                     load::RequestRecord& record) {
  user.answer.begin(record);
  user.gave_up = false;
  bool kept_connection = user.stream->is_open();
  bool sent = false;
  for (;;) {
    const auto begin = steady_clock::now();
    if (!sent) user.give_up_at = begin + std::chrono::duration_cast<Nanoseconds>(plan_.request_timeout);
    boost::system::error_code error;
    if (!user.stream->is_open()) error = co_await user.stream->connect();
    if (state_.stopping() && !sent) co_return false;
    if (!sent) {
      sent = true;
      record.sent = state_.since_start(steady_clock::now());
      if (!plan_.pacing->is_open_loop()) record.scheduled = record.sent;
      state_.request_sent();
    }
    if (error) {
      const auto now = state_.since_start(steady_clock::now());
      if (user.gave_up)
        user.answer.fail(now, ErrorCode::client_timeout, "connecting took longer than the request may take");
      else if (!state_.stopping())
        user.answer.fail(now, ErrorCode::no_connection, "no connection: " + error.message());
      break;
    }
    // a failed write is told by the read: the server may have answered and closed before it took the whole
    // request
    static_cast<void>(co_await user.stream->write(request.bytes));
    if (co_await read_answer(user, kept_connection) == Attempt::over) break;
    kept_connection = false;
  }
  user.give_up_at = base::SteadyTime::max();
  if (!user.answer.reusable()) user.stream->close();
  co_return true;
}

asio::awaitable<Lane::Attempt> Lane::read_answer(User& user, bool kept_connection) {
  auto& answer = user.answer;
  while (!answer.drained()) {
    const auto reading = co_await user.stream->read(user.buffer);
    const auto at = state_.since_start(reading.at);
    if (!reading.error) {
      answer.feed({user.buffer.data(), reading.bytes}, at);
      if (answer.settled() && !answer.drained()) user.give_up_at = reading.at + drain_limit;
      continue;
    }
    user.stream->close();
    if (user.gave_up) {
      answer.fail(at, ErrorCode::client_timeout,
                  fmt::format("no complete answer within {:g} s", plan_.request_timeout.count()));
    } else if (state_.stopping()) {
      // unfinished at the stop: no end, no error
    } else if (kept_connection && !answer.started()) {
      // the server closed the idle connection while this request was on its way; it has not seen it
      co_return Attempt::try_again;
    } else {
      answer.close(at, reading.error == asio::error::eof ? std::string() : reading.error.message());
    }
    break;
  }
  co_return Attempt::over;
}

asio::awaitable<void> Lane::supervise() {
  auto next = state_.start();
  for (int tick = 1; live_ > 0; ++tick) {
    next = std::max(next + tick_period, steady_clock::now());
    tick_.expires_at(next);
    const auto [cancelled] = co_await tick_.async_wait(as_result);
    if (cancelled) continue;
    const auto now = steady_clock::now();
    lags_.push_back(now - next);
    look(now, tick);
  }
}

void Lane::look(base::SteadyTime now, int tick) {
  give_up_late(now);
  if (leads_ && !state_.stopping()) {
    auto view = state_.view(now);
    view.records = records_;
    for (const auto& rule : plan_.until) {
      if (auto reason = rule(view)) {
        state_.stop(std::move(*reason));
        break;
      }
    }
    if (plan_.progress && tick % ticks_per_progress == 0) plan_.progress(view);
  }
  if (state_.stopping()) abort_all();
}

std::uint64_t Lane::events() const {
  std::uint64_t sum = 0;
  for (const auto& user : users_) sum += user->answer.events();
  return sum;
}

std::uint64_t Lane::coalesced_events() const {
  std::uint64_t sum = 0;
  for (const auto& user : users_) sum += user->answer.coalesced_events();
  return sum;
}

}  // namespace autotuner::traffic
