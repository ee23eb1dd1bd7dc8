#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace autotuner::tests {

/// The simplest client a test can have: one blocking connection to 127.0.0.1, ten seconds at most for a read.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    set_read_limit(10000);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  void set_read_limit(int milliseconds) const {
    const timeval limit{milliseconds / 1000, milliseconds % 1000 * 1000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// What one read gives; empty at the end, on a reset or when time is up (see last_error()).
  std::string receive() {
    std::string bytes(65536, '\0');
    const auto got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    error_ = got < 0 ? errno : 0;
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  /// errno of the last receive(): 0 at an orderly end, ECONNRESET, EAGAIN when time was up.
  int last_error() const { return error_; }

  /// Reads to the end of `mark`, or all there is if it never comes.
  std::string receive_until(std::string_view mark) {
    auto found = buffered_.find(mark);
    while (found == std::string::npos) {
      const auto from = buffered_.size() < mark.size() ? 0 : buffered_.size() - mark.size();
      const auto more = receive();
      if (more.empty()) return std::exchange(buffered_, {});
      buffered_ += more;
      found = buffered_.find(mark, from);
    }
    return take(found + mark.size());
  }
  std::string receive_exactly(std::size_t size) {
    while (buffered_.size() < size) {
      const auto more = receive();
      if (more.empty()) break;
      buffered_ += more;
    }
    return take(size);
  }
  std::string receive_all() {
    for (auto more = receive(); !more.empty(); more = receive()) buffered_ += more;
    return std::exchange(buffered_, {});
  }

 private:
  std::string take(std::size_t size) {
    auto text = buffered_.substr(0, size);
    buffered_.erase(0, text.size());
    return text;
  }

  int socket_;
  bool connected_ = false;
  int error_ = 0;
  std::string buffered_;
};

struct Response {
  int status = 0;  ///< 0: none came
  std::string head;
  std::string body;
};

inline std::string request_text(std::string_view method, std::string_view path, std::string_view body = {},
                                std::string_view headers = {}) {
  std::string text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n";
  text += headers;
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  text += body;
  return text;
}

/// Reads one response: by its length, as chunks (joined), or to the end of the connection.
inline Response receive_response(Connection& connection) {
  Response response;
  response.head = connection.receive_until("\r\n\r\n");
  if (response.head.size() > 12) response.status = std::atoi(response.head.c_str() + 9);
  if (response.head.find("transfer-encoding: chunked") != std::string::npos) {
    for (;;) {
      const auto size = std::strtoul(connection.receive_until("\r\n").c_str(), nullptr, 16);
      const auto chunk = connection.receive_exactly(size + 2);
      if (size == 0 || chunk.size() != size + 2) return response;
      response.body += chunk.substr(0, size);
    }
  }
  const auto length = response.head.find("content-length: ");
  if (length == std::string::npos) {
    response.body = connection.receive_all();
  } else {
    response.body =
        connection.receive_exactly(std::strtoul(response.head.c_str() + length + 16, nullptr, 10));
  }
  return response;
}

/// One request on a connection of its own.
inline Response exchange(std::uint16_t port, std::string_view method, std::string_view path,
                         std::string_view body = {}, std::string_view headers = {}) {
  Connection connection(port);
  if (!connection.connected() || !connection.send(request_text(method, path, body, headers))) return {};
  return receive_response(connection);
}

}  // namespace autotuner::tests
