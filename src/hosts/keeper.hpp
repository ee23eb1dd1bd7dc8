#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/types.h>

/// The keeper: a small process between us and an engine. It adopts everything the engine leaves behind
/// (child subreaper) and kills all of it when told to, or when we are gone, however we died. What runs here
/// runs between fork and exec in a process that may have had many threads: system calls only, no memory
/// allocation.
namespace autotuner::hosts {

/// From the keeper to us.
struct KeeperReport {
  enum Kind : int { started, failed, ended };
  int kind = started;
  int value = 0;  ///< started: pid; failed: errno; ended: status as of waitpid
  int step = 0;   ///< failed: a KeeperStep
};

enum class KeeperStep : int { fork, group, affinity, limit, folder, output, exec };

/// From us to the keeper. A closed socket means `kill`, too.
enum class KeeperOrder : char { terminate = 'T', kill = 'K' };

/// All that the keeper needs, made before the fork.
struct KeeperPlan {
  const char* program = nullptr;  ///< path; not looked up
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* working_folder = nullptr;  ///< nullptr = ours
  int control = -1;                      ///< the keeper's end of the socket pair
  int output = -1;                       ///< becomes stdout and stderr
  std::uint64_t address_space = 0;       ///< bytes; 0 = no limit
  const char* group_procs = nullptr;     ///< cgroup.procs to join; nullptr = none
  const char* group_folder = nullptr;    ///< cgroup to remove at the end
  const void* affinity = nullptr;        ///< cpu_set_t; nullptr = ours
  std::size_t affinity_size = 0;
  char* title = nullptr;  ///< our argument area, overwritten so that `ps` tells keeper from us
  std::size_t title_size = 0;
};

/// The keeper's whole life, called in the forked child.
[[noreturn]] void keep(const KeeperPlan& plan);

}  // namespace autotuner::hosts
