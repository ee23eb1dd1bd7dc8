#include "simulator/exchange.hpp"

#include <cerrno>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

namespace autotuner::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::int64_t fault_after_tokens = 3;
/// What was sent is dropped from the front of the buffer only beyond this size.
constexpr std::size_t compact_beyond = 64UL * 1024UL;

}  // namespace

Exchange::Exchange(tcp::socket& socket, AnswerWriter writer, FaultKind fault, bool keep_alive)
    : socket_(socket),
      writer_(std::move(writer)),
      fault_(fault),
      keep_alive_(keep_alive),
      signal_(socket.get_executor(), asio::steady_timer::time_point::max()) {}

bool Exchange::touch() {
  return !std::exchange(touched_, true);
}

void Exchange::on_token(bool last) {
  if (silent_ || cut_ || broken_) return;
  const bool is_faulty = fault_ == FaultKind::reset || fault_ == FaultKind::stall;
  const bool strikes = is_faulty && (last || writer_.produced() + 1 >= fault_after_tokens);
  if (strikes && last) {
    silent_ = true;
    cut_ = fault_ == FaultKind::reset;
    return;
  }
  if (writer_.ask().stream) {
    writer_.append_event(buffer_, last);
  } else {
    writer_.count_token();
    if (last) buffer_ = render({.body = writer_.whole_body()}, keep_alive_);
  }
  done_ = last;
  silent_ = strikes;
  cut_ = strikes && fault_ == FaultKind::reset;
}

void Exchange::flush() {
  touched_ = false;
  while (!blocked_ && !broken_ && sent_ < buffer_.size()) {
    boost::system::error_code error;
    sent_ += socket_.write_some(asio::buffer(buffer_) + sent_, error);
    if (error == asio::error::would_block) {
      blocked_ = true;
      wake();
    } else if (error) {
      broken_ = true;
      wake();
    }
  }
  if (sent_ == buffer_.size()) {
    buffer_.clear();
    sent_ = 0;
  } else if (sent_ > compact_beyond) {
    buffer_.erase(0, sent_);
    sent_ = 0;
  }
  if (done_ || cut_) wake();
}

asio::awaitable<bool> Exchange::finish() {
  while (!broken_) {
    const bool is_sent = sent_ == buffer_.size();
    if (is_sent && cut_) co_return false;
    if (is_sent && done_) co_return true;
    if (blocked_) {
      co_await wait_for_room();
    } else {
      co_await wait_for_news();
    }
  }
  co_return false;
}

// Both waits start their operations at once, so that no wake-up can fall between a look at the flags and the
// wait.
asio::awaitable<void> Exchange::wait_for_room() {
  auto [order, signalled, writable] =
      co_await asio::experimental::make_parallel_group(
          signal_.async_wait(asio::deferred), socket_.async_wait(tcp::socket::wait_write, asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 1) {
    blocked_ = false;
    broken_ = broken_ || writable;
    flush();
  }
}

asio::awaitable<void> Exchange::wait_for_news() {
  if (!watches_peer_) {
    co_await signal_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return;
  }
  auto [order, signalled, readable] =
      co_await asio::experimental::make_parallel_group(
          signal_.async_wait(asio::deferred), socket_.async_wait(tcp::socket::wait_read, asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (order[0] == 1) look_at_peer();
}

void Exchange::look_at_peer() {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) {
    // The next request is already here; it is read after this answer.
    watches_peer_ = false;
  } else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    broken_ = true;
  }
}

}  // namespace autotuner::simulator
