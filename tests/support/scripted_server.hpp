#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace autotuner::tests {

/// One accepted connection, in the hands of the script.
class ScriptedConnection {
 public:
  ScriptedConnection(int socket, int number) : socket_(socket), number_(number) {}

  /// 0 for the first connection of the server, then 1, 2, ...
  int number() const { return number_; }

  /// The next whole request (head and body by Content-Length); nothing when the peer has closed.
  std::optional<std::string> read_request() {
    for (;;) {
      const auto head = buffer_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto whole = head + 4 + content_length(std::string_view(buffer_).substr(0, head));
        if (buffer_.size() >= whole) {
          std::string request = buffer_.substr(0, whole);
          buffer_.erase(0, whole);
          return request;
        }
      }
      char bytes[65536];
      const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
      if (count <= 0) return std::nullopt;
      buffer_.append(bytes, static_cast<std::size_t>(count));
    }
  }

  /// False when the peer is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// The same bytes in pieces of `size`, one segment each.
  bool send_in_pieces(std::string_view bytes, std::size_t size) {
    while (!bytes.empty()) {
      if (!send(bytes.substr(0, size))) return false;
      bytes.remove_prefix(std::min(size, bytes.size()));
    }
    return true;
  }

  void wait_until_closed() {
    char bytes[4096];
    while (::recv(socket_, bytes, sizeof bytes, 0) > 0) {
    }
  }
  void finish_writing() { ::shutdown(socket_, SHUT_WR); }
  /// The peer sees a reset instead of an orderly end.
  void reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close_now_ = true;
  }
  bool wants_close() const { return close_now_; }

 private:
  static std::size_t content_length(std::string_view head) {
    for (const std::string_view name : {"Content-Length: ", "content-length: "}) {
      const auto at = head.find(name);
      if (at != std::string_view::npos) return std::strtoul(head.data() + at + name.size(), nullptr, 10);
    }
    return 0;
  }

  int socket_;
  int number_;
  std::string buffer_;
  bool close_now_ = false;
};

/// A server on a free loopback port whose answers are a script, run on a thread of its own for each
/// connection.
class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedConnection&)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 512) != 0)
      std::abort();
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  /// Each request is answered with `answer(request)`, as it is, on a kept connection.
  static Script answering(std::function<std::string(const std::string&)> answer) {
    return [answer = std::move(answer)](ScriptedConnection& connection) {
      while (const auto request = connection.read_request()) {
        if (!connection.send(answer(*request))) return;
      }
    };
  }

  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::scoped_lock lock(mutex_);
      for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const {
    const std::scoped_lock lock(mutex_);
    return accepted_;
  }

 private:
  void accept_all() {
    for (;;) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const std::scoped_lock lock(mutex_);
      open_.push_back(socket);
      threads_.emplace_back([this, socket, number = accepted_++] { serve(socket, number); });
    }
  }

  void serve(int socket, int number) {
    ScriptedConnection connection(socket, number);
    script_(connection);
    if (!connection.wants_close()) ::shutdown(socket, SHUT_RDWR);
    const std::scoped_lock lock(mutex_);
    open_.remove(socket);
    ::close(socket);
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::list<int> open_;
  std::vector<std::thread> threads_;
  int accepted_ = 0;
};

/// Answers as inference engines spell them.
namespace answers {

inline std::string chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}
inline const std::string stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
inline std::string event_line(std::string_view payload) {
  return "data: " + std::string(payload) + "\n\n";
}
inline std::string role() {
  return event_line(
      R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]})");
}
inline std::string token(std::string_view text) {
  return event_line(R"({"id":"1","choices":[{"index":0,"delta":{"content":")" + std::string(text) +
                    R"("},"finish_reason":null}]})");
}
inline std::string finish() {
  return event_line(R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}]})");
}
inline std::string usage(int prompt, int completion) {
  return event_line(R"({"choices":[],"usage":{"prompt_tokens":)" + std::to_string(prompt) +
                    R"(,"completion_tokens":)" + std::to_string(completion) + R"(,"total_tokens":)" +
                    std::to_string(prompt + completion) + "}}");
}
inline const std::string done = "data: [DONE]\n\n";

/// A whole chat answer of `tokens` tokens, one chunk each.
inline std::string chat(int prompt, int tokens) {
  std::string bytes = stream_head + chunk(role());
  for (int i = 0; i < tokens; ++i) bytes += chunk(token("word "));
  return bytes + chunk(finish()) + chunk(usage(prompt, tokens)) + chunk(done) + "0\r\n\r\n";
}
inline std::string plain(int status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Status\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

}  // namespace answers

}  // namespace autotuner::tests
