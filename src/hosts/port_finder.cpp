#include "hosts/port_finder.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

bool can_listen(int family, const sockaddr* address, socklen_t size) {
  const FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno == EAFNOSUPPORT;
  const int on = 1;
  // Connections of the last engine that linger in TIME_WAIT are no reason to skip its port.
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket.get(), address, size) != 0) return family == AF_INET6 && errno == EADDRNOTAVAIL;
  return ::listen(socket.get(), 1) == 0;
}

}  // namespace

bool is_port_free(int port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<std::uint16_t>(port));
  v4.sin_addr.s_addr = htonl(INADDR_ANY);
  if (!can_listen(AF_INET, reinterpret_cast<const sockaddr*>(&v4), sizeof v4)) return false;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(static_cast<std::uint16_t>(port));
  v6.sin6_addr = in6addr_any;
  return can_listen(AF_INET6, reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

PortFinder::PortFinder(int first, int last, std::set<int> excluded, std::string lock_folder)
    : first_(first), last_(last), excluded_(std::move(excluded)), lock_folder_(std::move(lock_folder)) {}

base::Result<PortLease> PortFinder::take() const {
  std::error_code error;
  std::filesystem::create_directories(lock_folder_, error);
  int locked = 0;
  int taken = 0;
  for (int port = first_; port <= last_; ++port) {
    if (excluded_.contains(port)) continue;
    const auto path = fmt::format("{}/port-{}.lock", lock_folder_, port);
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) {
      return base::fail(base::ErrorKind::unavailable, "can't reserve a port: {}: {}", path,
                        error_text(errno));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      ++locked;
    } else if (!is_port_free(port)) {
      ++taken;
    } else {
      return PortLease(port, std::move(lock));
    }
  }
  return base::fail(
      base::ErrorKind::unavailable,
      "no free port in {}-{}: {} reserved by other experiments, {} in use by other programs, {} excluded",
      first_, last_, locked, taken, excluded_.size());
}

}  // namespace autotuner::hosts
