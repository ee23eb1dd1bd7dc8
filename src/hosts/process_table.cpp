#include "hosts/process_table.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ProcessEntry> parse_stat(std::string_view text) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  if (close < open || close + 2 >= text.size()) return std::nullopt;
  // Field 3 (state) comes first behind the name; the numbers are those of proc(5) less 3.
  const auto fields = base::split(base::trim(text.substr(close + 2)), ' ');
  if (fields.size() < 22) return std::nullopt;
  const auto pid = number<int>(text);
  const auto parent = number<int>(fields[1]);
  // A signal to a number below 1 would reach a whole group.
  if (!pid || *pid < 1 || !parent) return std::nullopt;
  ProcessEntry entry;
  entry.pid = *pid;
  entry.parent = *parent;
  entry.state = fields[0].front();
  entry.group = number<int>(fields[2]).value_or(0);
  entry.session = number<int>(fields[3]).value_or(0);
  entry.name = text.substr(open + 1, close - open - 1);
  for (std::size_t i = 11; i <= 14; ++i) entry.cpu_ticks += number<std::uint64_t>(fields[i]).value_or(0);
  entry.started_ticks = number<std::uint64_t>(fields[19]).value_or(0);
  const auto pages = number<std::uint64_t>(fields[21]).value_or(0);
  entry.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return entry;
}

std::optional<ProcessEntry> find_process(int pid) {
  const auto text = read_text(fmt::format("/proc/{}/stat", pid));
  return text ? parse_stat(*text) : std::nullopt;
}

bool is_alive(int pid) {
  const auto entry = find_process(pid);
  return entry && entry->state != 'Z' && entry->state != 'X';
}

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> processes;
  const auto close = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close)> folder(::opendir("/proc"), close);
  if (!folder) return processes;
  while (const dirent* item = ::readdir(folder.get())) {
    const auto pid = number<int>(item->d_name);
    if (!pid) continue;
    if (auto entry = find_process(*pid)) processes.push_back(std::move(*entry));
  }
  return processes;
}

std::vector<ProcessEntry> tree_of(int root, std::span<const ProcessEntry> processes) {
  std::set<int> members{root};
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& process : processes) {
      if (members.contains(process.parent)) grown |= members.insert(process.pid).second;
    }
  }
  std::vector<ProcessEntry> tree;
  std::ranges::copy_if(processes, std::back_inserter(tree),
                       [&](const auto& p) { return members.contains(p.pid); });
  return tree;
}

std::optional<std::string> environment_of(int pid, std::string_view name) {
  const auto text = read_text(fmt::format("/proc/{}/environ", pid));
  if (!text) return std::nullopt;
  for (const auto& variable : base::split(*text, '\0')) {
    if (variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=') {
      return variable.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

}  // namespace autotuner::hosts
