#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "traffic/endpoint.hpp"

namespace autotuner::traffic {

namespace asio = boost::asio;

/// What the connections of a level have in common; read by several threads.
struct Peer {
  std::vector<asio::ip::tcp::endpoint> addresses;
  std::string host;
  std::unique_ptr<asio::ssl::context> tls;  ///< set for https
  bool verify_peer = true;
};

/// Resolves the name. Errors: unavailable (unknown name), invalid_input (certificate file).
base::Result<Peer> find_peer(const Endpoint& endpoint);

/// One read: how much, and when it was there. The stamp is the read stamp, taken straight after the system
/// call and before anything looks at the bytes; where the stamp comes from is this type's secret.
struct Reading {
  std::size_t bytes = 0;
  base::SteadyTime at;
  boost::system::error_code error;
};

/// A connection to the peer, plain or TLS. Belongs to one thread.
class StampedStream {
 public:
  virtual ~StampedStream() = default;
  /// Opens a new connection; a former one is dropped. On success is_open().
  virtual asio::awaitable<boost::system::error_code> connect() = 0;
  virtual asio::awaitable<Reading> read(std::span<char> buffer) = 0;
  virtual asio::awaitable<boost::system::error_code> write(std::string_view bytes) = 0;
  /// Ends pending operations with an error.
  virtual void close() = 0;
  virtual bool is_open() const = 0;
};

/// `peer` outlives the stream.
std::unique_ptr<StampedStream> make_stream(asio::io_context& io, Peer& peer);

}  // namespace autotuner::traffic
