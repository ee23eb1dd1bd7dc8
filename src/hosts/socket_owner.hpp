#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::hosts {

/// Who answers on 127.0.0.1:port.
enum class SocketOwner { ours, stranger, nobody, unknown };

struct ListeningSocket {
  std::uint64_t inode = 0;
  int rank = 0;  ///< 0 = bound to 127.0.0.1, 1 = 0.0.0.0, 2 = [::]: the kernel prefers the lowest
  bool operator==(const ListeningSocket&) const = default;
};

/// Listening sockets of a text as in /proc/net/tcp or tcp6 that take connections to 127.0.0.1:port.
std::vector<ListeningSocket> listening_sockets(std::string_view table, int port);

struct Ownership {
  SocketOwner owner = SocketOwner::unknown;
  std::string who;  ///< of a stranger, as far as it can be seen: "pid 123 (python3)"
};

/// Whether each socket that may answer on 127.0.0.1:port belongs to one of `pids`. `unknown` where /proc
/// can't be read.
Ownership owner_of_port(int port, std::span<const int> pids);

}  // namespace autotuner::hosts
