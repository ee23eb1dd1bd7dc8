#include "hosts/shared_memory.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "hosts/process_table.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {

std::set<std::string> shared_memory_in(std::string_view maps) {
  constexpr std::string_view folder = "/dev/shm/";
  std::set<std::string> segments;
  for (const auto& line : base::split(maps, '\n')) {
    const auto at = line.find(folder);
    if (at != std::string::npos && !line.ends_with(" (deleted)")) segments.insert(line.substr(at));
  }
  return segments;
}

std::set<std::string> shared_memory_of(std::span<const int> pids) {
  std::set<std::string> segments;
  for (const int pid : pids)
    segments.merge(shared_memory_in(read_text(fmt::format("/proc/{}/maps", pid)).value_or("")));
  return segments;
}

int remove_abandoned(const std::set<std::string>& segments) {
  if (segments.empty()) return 0;
  std::vector<int> pids;
  for (const auto& process : all_processes()) pids.push_back(process.pid);
  const auto in_use = shared_memory_of(pids);
  int removed = 0;
  for (const auto& segment : segments) {
    struct stat facts{};
    const bool ours = ::lstat(segment.c_str(), &facts) == 0 && facts.st_uid == ::geteuid();
    if (ours && !in_use.contains(segment) && ::unlink(segment.c_str()) == 0) ++removed;
  }
  return removed;
}

}  // namespace autotuner::hosts
