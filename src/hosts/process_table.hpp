#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::hosts {

/// One line of the kernel's process table.
struct ProcessEntry {
  int pid = 0;
  int parent = 0;
  int group = 0;
  int session = 0;
  char state = '?';  ///< R S D Z ...
  std::string name;
  std::uint64_t cpu_ticks = 0;      ///< used by itself and by its children that were waited for
  std::uint64_t started_ticks = 0;  ///< after boot: tells two owners of one pid apart
  std::uint64_t resident_bytes = 0;

  bool operator==(const ProcessEntry&) const = default;
};

/// Reads the text of /proc/<pid>/stat; names may hold spaces and parentheses.
std::optional<ProcessEntry> parse_stat(std::string_view text);
std::optional<ProcessEntry> find_process(int pid);
/// Runs, or could: neither gone nor a zombie.
bool is_alive(int pid);
std::vector<ProcessEntry> all_processes();
/// `root` and everything below it, zombies included.
std::vector<ProcessEntry> tree_of(int root, std::span<const ProcessEntry> processes);
/// The value of a variable in a process's environment as it was started, if it may be read.
std::optional<std::string> environment_of(int pid, std::string_view name);

}  // namespace autotuner::hosts
