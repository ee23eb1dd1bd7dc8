#pragma once

#include <set>
#include <string>

#include "base/result.hpp"
#include "hosts/file_descriptor.hpp"

namespace autotuner::hosts {

/// A port that no other engine of ours on this host takes while this object lives, in whatever process.
class PortLease {
 public:
  PortLease() = default;
  PortLease(int port, FileDescriptor lock) : port_(port), lock_(std::move(lock)) {}
  int port() const { return port_; }
  /// Lets others have it; port() still tells which it was.
  void release() { lock_.close(); }

 private:
  int port_ = 0;
  FileDescriptor lock_;
};

/// Nobody listens on it: it can be bound on 0.0.0.0 and, where there is IPv6, on [::].
bool is_port_free(int port);

/// Finds ports for engines, which bind them long after they were chosen.
class PortFinder {
 public:
  /// Ports first..last without `excluded`. Locks are files in `lock_folder`, which all processes of this user
  /// must share; the kernel lets go of them however their holder ends.
  PortFinder(int first, int last, std::set<int> excluded, std::string lock_folder);
  /// The lowest port that is free. Errors: unavailable, with the range and what is in the way.
  base::Result<PortLease> take() const;

 private:
  int first_, last_;
  std::set<int> excluded_;
  std::string lock_folder_;
};

}  // namespace autotuner::hosts
