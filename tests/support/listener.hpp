#pragma once

#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace autotuner::tests {

/// A listening socket of this process. port() is 0 when the address can't be bound here.
class Listener {
 public:
  Listener(const std::string& address, int port) {
    const bool v6 = address.find(':') != std::string::npos;
    fd_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (v6) {
      sockaddr_in6 at{};
      at.sin6_family = AF_INET6;
      at.sin6_port = htons(static_cast<std::uint16_t>(port));
      ::inet_pton(AF_INET6, address.c_str(), &at.sin6_addr);
      listen(reinterpret_cast<sockaddr*>(&at), sizeof at);
      if (port_ != 0) port_ = port_of(reinterpret_cast<sockaddr*>(&at), sizeof at, &at.sin6_port);
    } else {
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_port = htons(static_cast<std::uint16_t>(port));
      ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
      listen(reinterpret_cast<sockaddr*>(&at), sizeof at);
      if (port_ != 0) port_ = port_of(reinterpret_cast<sockaddr*>(&at), sizeof at, &at.sin_port);
    }
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

 private:
  void listen(const sockaddr* at, socklen_t size) {
    if (::bind(fd_, at, size) == 0 && ::listen(fd_, 8) == 0) port_ = -1;
  }
  int port_of(sockaddr* at, socklen_t size, const std::uint16_t* port) const {
    return ::getsockname(fd_, at, &size) == 0 ? ntohs(*port) : 0;
  }

  int fd_ = -1;
  int port_ = 0;
};

}  // namespace autotuner::tests
