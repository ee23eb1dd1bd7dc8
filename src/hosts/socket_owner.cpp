#include "hosts/socket_owner.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hosts/process_table.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

constexpr std::string_view listening_state = "0A";

/// Addresses in the notation of /proc (words in host byte order) that a client of 127.0.0.1 may reach.
int rank_of(std::string_view address) {
  if (address == "0100007F" || address == "0000000000000000FFFF00000100007F") return 0;
  if (address == "00000000" || address == "0000000000000000FFFF000000000000") return 1;
  if (address == "00000000000000000000000000000000") return 2;
  return -1;
}

std::set<std::uint64_t> sockets_of(int pid) {
  std::set<std::uint64_t> inodes;
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(fmt::format("/proc/{}/fd", pid), error); !error && at != end;
       at.increment(error)) {
    std::error_code unreadable;
    const auto target = std::filesystem::read_symlink(at->path(), unreadable).string();
    constexpr std::string_view prefix = "socket:[";
    if (unreadable || !target.starts_with(prefix)) continue;
    std::uint64_t inode = 0;
    std::from_chars(target.data() + prefix.size(), target.data() + target.size(), inode);
    inodes.insert(inode);
  }
  return inodes;
}

std::string find_owner(std::uint64_t inode) {
  for (const auto& process : all_processes()) {
    if (sockets_of(process.pid).contains(inode)) return fmt::format("pid {} ({})", process.pid, process.name);
  }
  return "a process that can't be seen from here";
}

}  // namespace

std::vector<ListeningSocket> listening_sockets(std::string_view table, int port) {
  std::vector<ListeningSocket> sockets;
  const auto wanted = fmt::format(":{:04X}", port);
  for (const auto& line : base::split(table, '\n')) {
    std::vector<std::string> fields;
    for (auto& field : base::split(line, ' ')) {
      if (!field.empty()) fields.push_back(std::move(field));
    }
    if (fields.size() < 10 || fields[3] != listening_state || !fields[1].ends_with(wanted)) continue;
    const int rank = rank_of(std::string_view(fields[1]).substr(0, fields[1].size() - wanted.size()));
    std::uint64_t inode = 0;
    std::from_chars(fields[9].data(), fields[9].data() + fields[9].size(), inode);
    if (rank >= 0) sockets.push_back({inode, rank});
  }
  return sockets;
}

Ownership owner_of_port(int port, std::span<const int> pids) {
  const auto v4 = read_text("/proc/net/tcp");
  if (!v4) return {SocketOwner::unknown, {}};
  auto sockets = listening_sockets(*v4, port);
  std::ranges::copy(listening_sockets(read_text("/proc/net/tcp6").value_or(""), port),
                    std::back_inserter(sockets));
  if (sockets.empty()) return {SocketOwner::nobody, {}};
  const int best = std::ranges::min_element(sockets, {}, &ListeningSocket::rank)->rank;
  std::set<std::uint64_t> ours;
  for (const int pid : pids) ours.merge(sockets_of(pid));
  for (const auto& socket : sockets) {
    // Sockets of equal rank share the connections (SO_REUSEPORT): one stranger among them is one too many.
    if (socket.rank == best && !ours.contains(socket.inode))
      return {SocketOwner::stranger, find_owner(socket.inode)};
  }
  return {SocketOwner::ours, {}};
}

}  // namespace autotuner::hosts
