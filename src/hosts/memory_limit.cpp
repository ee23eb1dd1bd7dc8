#include "hosts/memory_limit.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

/// Mount point and root of a cgroup hierarchy; `controller` empty = version 2.
std::optional<std::pair<std::string, std::string>> mount_of(const std::string& mounts,
                                                            const std::string& controller) {
  for (const auto& line : base::split(mounts, '\n')) {
    const auto fields = base::split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (dash == fields.end() || fields.end() - dash < 4 || fields.size() < 5) continue;
    const auto& type = *(dash + 1);
    const auto options = base::split(*(dash + 3), ',');
    const bool fits = controller.empty() ? type == "cgroup2"
                                         : type == "cgroup" && std::ranges::count(options, controller) > 0;
    if (fits) return std::pair{fields[4], fields[3]};
  }
  return std::nullopt;
}

std::string inside(const std::pair<std::string, std::string>& mount, std::string path) {
  const auto& [point, root] = mount;
  // A container sees its own group as the root of the mount.
  if (root != "/" && path.starts_with(root)) path = path.substr(root.size());
  if (path == "/") path.clear();
  return point + path;
}

std::vector<std::string> candidate_parents(const MemoryGroup& own) {
  if (own.version == 1) return {own.folder};
  std::vector<std::string> parents;
  const auto parent = std::filesystem::path(own.folder).parent_path().string();
  for (const auto& folder : {own.folder, parent}) {
    const auto controllers = base::split(read_line(folder + "/cgroup.subtree_control"), ' ');
    if (std::ranges::count(controllers, "memory") > 0) parents.push_back(folder);
  }
  return parents;
}

bool set_limit(int version, const std::string& folder, std::uint64_t bytes) {
  const auto text = std::to_string(bytes);
  if (version == 1) {
    if (!write_text(folder + "/memory.limit_in_bytes", text)) return false;
    write_text(folder + "/memory.memsw.limit_in_bytes", text);
    return true;
  }
  if (!write_text(folder + "/memory.max", text)) return false;
  write_text(folder + "/memory.swap.max", "0");
  write_text(folder + "/memory.oom.group", "1");
  return true;
}

std::uint64_t left_under(const MemoryGroup& group, const std::string& folder) {
  const auto limit = read_integer(folder + (group.version == 1 ? "/memory.limit_in_bytes" : "/memory.max"));
  const auto used =
      read_integer(folder + (group.version == 1 ? "/memory.usage_in_bytes" : "/memory.current"));
  if (!limit || !used) return UINT64_MAX;
  // File pages nobody needed lately are given back when there is need.
  const auto stat = read_text(folder + "/memory.stat").value_or("");
  const auto idle =
      number_after(stat, group.version == 1 ? "total_inactive_file" : "inactive_file").value_or(0);
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(*limit - std::max<std::int64_t>(*used - idle, 0), 0));
}

}  // namespace

MemoryGroup own_memory_group(const std::string& cgroup_text, const std::string& mount_text) {
  MemoryGroup found;
  for (const auto& line : base::split(cgroup_text, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = base::split(line.substr(first + 1, second - first - 1), ',');
    const auto path = line.substr(second + 1);
    if (std::ranges::count(controllers, "memory") > 0) {
      if (const auto mount = mount_of(mount_text, "memory")) return {1, inside(*mount, path)};
    } else if (line.starts_with("0::")) {
      if (const auto mount = mount_of(mount_text, "")) found = {2, inside(*mount, path)};
    }
  }
  return found;
}

MemoryGroup own_memory_group() {
  return own_memory_group(read_text("/proc/self/cgroup").value_or(""),
                          read_text("/proc/self/mountinfo").value_or(""));
}

std::uint64_t free_memory() {
  const auto available = number_after(read_text("/proc/meminfo").value_or(""), "MemAvailable");
  auto free = available ? static_cast<std::uint64_t>(*available) * 1024 : UINT64_MAX;
  const auto group = own_memory_group();
  if (group.version == 0) return free;
  for (auto folder = group.folder; folder.starts_with("/sys/fs/cgroup");
       folder = std::filesystem::path(folder).parent_path()) {
    free = std::min(free, left_under(group, folder));
  }
  return free;
}

std::optional<double> MemoryLimit::gib() const {
  if (means == Means::none) return std::nullopt;
  return static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0);
}

bool MemoryLimit::was_hit() const {
  switch (means) {
    case Means::none:
    case Means::address_space:
      return false;
    case Means::group_v1:
      return number_after(read_text(group_folder + "/memory.oom_control").value_or(""), "oom_kill")
                 .value_or(0) > 0;
    case Means::group_v2:
      return number_after(read_text(group_folder + "/memory.events").value_or(""), "oom_kill").value_or(0) >
             0;
  }
  return false;
}

MemoryLimit make_memory_limit(std::uint64_t bytes, const std::string& name, bool address_space_suits) {
  const auto own = own_memory_group();
  if (own.version != 0) {
    for (const auto& parent : candidate_parents(own)) {
      const auto folder = fmt::format("{}/autotuner-{}", parent, name);
      if (::mkdir(folder.c_str(), 0755) != 0) continue;
      if (set_limit(own.version, folder, bytes) && ::access((folder + "/cgroup.procs").c_str(), W_OK) == 0) {
        return {own.version == 1 ? MemoryLimit::Means::group_v1 : MemoryLimit::Means::group_v2, bytes,
                folder};
      }
      ::rmdir(folder.c_str());
    }
  }
  if (address_space_suits) return {MemoryLimit::Means::address_space, bytes, {}};
  return {};
}

void discard(const MemoryLimit& limit) {
  if (!limit.group_folder.empty()) ::rmdir(limit.group_folder.c_str());
}

}  // namespace autotuner::hosts
