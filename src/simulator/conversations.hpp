#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "simulator/live_engine.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// What is said on the engine's connections: requests are read, refused or answered, and faults of the
/// options are played. Time begins with the construction: until --startup-s is over the engine loads.
class Conversations {
 public:
  /// All arguments outlive this; `engine` may still be under construction. `die` ends the engine with the
  /// reason.
  Conversations(const Options& options, LiveEngine& engine, std::function<void(std::string)> die);
  ~Conversations();

  /// One connection to its end. This outlives it.
  boost::asio::awaitable<void> hold(boost::asio::ip::tcp::socket socket);

 private:
  class Desk;
  std::unique_ptr<Desk> desk_;
};

}  // namespace autotuner::simulator
