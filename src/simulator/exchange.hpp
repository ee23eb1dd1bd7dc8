#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "simulator/answer.hpp"
#include "simulator/fault.hpp"

namespace autotuner::simulator {

/// One request for text in flight: takes tokens from the engine, writes them to the socket without waiting,
/// and falls back to waiting only when the socket is full. All calls come from the socket's own thread.
class Exchange {
 public:
  /// `socket` is in non-blocking mode and outlives this.
  Exchange(boost::asio::ip::tcp::socket& socket, AnswerWriter writer, FaultKind fault, bool keep_alive);

  /// Notes a token; nothing is sent before flush().
  void on_token(bool last);
  /// Sends what the socket takes now.
  void flush();
  /// Ends when the whole answer is sent (true) or can't be: the peer has left, or the fault cut it (false).
  boost::asio::awaitable<bool> finish();

  bool is_cut() const { return cut_; }
  bool ends_early() const { return writer_.ask().ends_early; }
  /// True for the first call after a flush: the caller owes a flush.
  bool touch();

 private:
  boost::asio::awaitable<void> wait_for_room();
  boost::asio::awaitable<void> wait_for_news();
  void look_at_peer();
  void wake() { signal_.cancel(); }

  boost::asio::ip::tcp::socket& socket_;
  AnswerWriter writer_;
  FaultKind fault_;
  bool keep_alive_;
  std::string buffer_;
  std::size_t sent_ = 0;
  boost::asio::steady_timer signal_;  ///< never expires; cancelled to wake finish()
  bool touched_ = false;
  bool blocked_ = false;
  bool done_ = false;
  bool silent_ = false;
  bool cut_ = false;
  bool broken_ = false;
  bool watches_peer_ = true;
};

}  // namespace autotuner::simulator
