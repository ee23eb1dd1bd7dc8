#include "traffic/stamped_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace autotuner::traffic {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
constexpr auto as_tuple_result = asio::as_tuple(asio::use_awaitable);

asio::awaitable<error_code> connect_to_any(tcp::socket& socket, const std::vector<tcp::endpoint>& addresses) {
  error_code ignored;
  socket.close(ignored);
  const auto [error, address] = co_await asio::async_connect(socket, addresses, as_tuple_result);
  if (error)
    socket.close(ignored);
  else
    socket.set_option(tcp::no_delay(true), ignored);
  co_return error;
}

class PlainStream final : public StampedStream {
 public:
  PlainStream(asio::io_context& io, Peer& peer) : socket_(io), peer_(peer) {}

  asio::awaitable<error_code> connect() override { return connect_to_any(socket_, peer_.addresses); }

  asio::awaitable<Reading> read(std::span<char> buffer) override {
    Reading reading;
    std::tie(reading.error, reading.bytes) =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), as_tuple_result);
    reading.at = std::chrono::steady_clock::now();
    co_return reading;
  }

  asio::awaitable<error_code> write(std::string_view bytes) override {
    const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(bytes), as_tuple_result);
    co_return error;
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  bool is_open() const override { return socket_.is_open(); }

 private:
  tcp::socket socket_;
  Peer& peer_;
};

class TlsStream final : public StampedStream {
 public:
  TlsStream(asio::io_context& io, Peer& peer) : io_(io), peer_(peer) {}

  asio::awaitable<error_code> connect() override {
    stream_ = std::make_unique<Stream>(io_, *peer_.tls);
    open_ = false;
    SSL_set_tlsext_host_name(stream_->native_handle(), peer_.host.c_str());
    if (peer_.verify_peer) stream_->set_verify_callback(asio::ssl::host_name_verification(peer_.host));
    auto error = co_await connect_to_any(stream_->next_layer(), peer_.addresses);
    if (!error) {
      std::tie(error) = co_await stream_->async_handshake(asio::ssl::stream_base::client, as_tuple_result);
    }
    open_ = !error;
    if (error) close();
    co_return error;
  }

  asio::awaitable<Reading> read(std::span<char> buffer) override {
    Reading reading;
    std::tie(reading.error, reading.bytes) =
        co_await stream_->async_read_some(asio::buffer(buffer.data(), buffer.size()), as_tuple_result);
    reading.at = std::chrono::steady_clock::now();
    // servers often close without the TLS farewell; HTTP's own framing tells whether something is missing
    if (reading.error == asio::ssl::error::stream_truncated) reading.error = asio::error::eof;
    co_return reading;
  }

  asio::awaitable<error_code> write(std::string_view bytes) override {
    const auto [error, count] = co_await asio::async_write(*stream_, asio::buffer(bytes), as_tuple_result);
    co_return error;
  }

  void close() override {
    open_ = false;
    error_code ignored;
    if (stream_) stream_->next_layer().close(ignored);
  }
  bool is_open() const override { return open_; }

 private:
  using Stream = asio::ssl::stream<tcp::socket>;
  asio::io_context& io_;
  Peer& peer_;
  std::unique_ptr<Stream> stream_;
  bool open_ = false;
};

}  // namespace

base::Result<Peer> find_peer(const Endpoint& endpoint) {
  Peer peer;
  peer.host = endpoint.url.host;
  peer.verify_peer = endpoint.verify_peer;
  asio::io_context io;
  tcp::resolver resolver(io);
  error_code error;
  const auto found = resolver.resolve(peer.host, std::to_string(endpoint.url.port), error);
  if (error) {
    return base::fail(base::ErrorKind::unavailable, "{}: host '{}' can't be resolved: {}",
                      endpoint.url.text(), peer.host, error.message());
  }
  for (const auto& entry : found) peer.addresses.push_back(entry.endpoint());
  if (!endpoint.url.secure()) return peer;

  peer.tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  peer.tls->set_default_verify_paths(error);
  if (!endpoint.ca_file.empty()) peer.tls->load_verify_file(endpoint.ca_file, error);
  if (!endpoint.ca_file.empty() && error) {
    return base::invalid_input("{}: not a readable certificate file: {}", endpoint.ca_file, error.message());
  }
  peer.tls->set_verify_mode(endpoint.verify_peer ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
  return peer;
}

std::unique_ptr<StampedStream> make_stream(asio::io_context& io, Peer& peer) {
  if (peer.tls) return std::make_unique<TlsStream>(io, peer);
  return std::make_unique<PlainStream>(io, peer);
}

}  // namespace autotuner::traffic
