#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace autotuner::hosts {

/// How much an engine may still take on this host: available memory, or what is left under a cgroup's limit.
std::uint64_t free_memory();

/// The limit that an engine's tree runs under.
struct MemoryLimit {
  enum class Means { none, group_v1, group_v2, address_space };
  Means means = Means::none;
  std::uint64_t bytes = 0;
  std::string group_folder;  ///< of a cgroup; made, and removed by the keeper of the tree that runs in it

  /// Nothing when there is no limit.
  std::optional<double> gib() const;

  /// Something was killed because the limit was reached. Always false for address_space: there allocations
  /// fail, and the engine's own words tell.
  bool was_hit() const;
};

/// A cgroup named after the engine where we may make one, else a limit of the address space when that suits
/// the engine (a GPU driver maps far more than it uses), else none.
MemoryLimit make_memory_limit(std::uint64_t bytes, const std::string& name, bool address_space_suits);
/// For a limit whose engine was never started.
void discard(const MemoryLimit& limit);

/// Where our own process sits: the folder of its memory cgroup, version 1 or 2; empty = none found.
struct MemoryGroup {
  int version = 0;
  std::string folder;
  bool operator==(const MemoryGroup&) const = default;
};
/// From the texts of /proc/self/cgroup and /proc/self/mountinfo.
MemoryGroup own_memory_group(const std::string& cgroup_text, const std::string& mount_text);
MemoryGroup own_memory_group();

}  // namespace autotuner::hosts
