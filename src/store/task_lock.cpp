#include "store/task_lock.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/json.hpp"
#include "base/text.hpp"

namespace autotuner::store {
namespace {

namespace fs = std::filesystem;

/// Who holds a lock, as its file says.
struct Holder {
  std::int64_t pid = 0;
  std::int64_t born = 0;  ///< start of the process in clock ticks after boot: tells a reused pid apart
  std::string host;
  std::string since;
};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown host";
}

/// Field 22 of /proc/<pid>/stat; nothing when there is no such process.
std::optional<std::int64_t> birth_of(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = base::split(std::string_view(text).substr(name_end + 1), ' ');
  constexpr std::size_t start_time = 20;
  const auto ticks = fields.size() > start_time ? base::to_number(fields[start_time]) : std::nullopt;
  return ticks ? std::optional(static_cast<std::int64_t>(*ticks)) : std::nullopt;
}

std::string to_text(const Holder& holder) {
  const base::Json json = {
      {"pid", holder.pid}, {"born", holder.born}, {"host", holder.host}, {"since", holder.since}};
  return base::to_compact_text(json) + "\n";
}

Holder read_holder(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto json = base::parse_json(text);
  if (!json) return {};
  return {.pid = static_cast<std::int64_t>(base::number_at(*json, "pid").value_or(0)),
          .born = static_cast<std::int64_t>(base::number_at(*json, "born").value_or(0)),
          .host = base::text_at(*json, "host").value_or(""),
          .since = base::text_at(*json, "since").value_or("")};
}

/// Only a process of this host can be known to be gone.
bool is_gone(const Holder& holder) {
  if (holder.pid <= 0 || holder.host != host_name()) return false;
  const auto born = birth_of(holder.pid);
  if (born) return *born != holder.born;
  return ::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH;
}

tl::unexpected<base::Error> taken(const std::string& task_name, const Holder& holder,
                                  const std::string& path) {
  if (holder.pid == 0) {
    return base::fail(base::ErrorKind::conflict, "task '{}' is being tuned by another process (lock {})",
                      task_name, path);
  }
  return base::fail(base::ErrorKind::conflict,
                    "task '{}' is being tuned by process {} on {} since {} (lock {})", task_name, holder.pid,
                    holder.host, holder.since, path);
}

std::string file_name_of(const std::string& task_name) {
  std::string readable = task_name.substr(0, 60);
  std::ranges::replace_if(
      readable,
      [](char c) { return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')); },
      '-');
  return readable + "-" + base::sha256_hex(task_name).substr(0, 12) + ".lock";
}

}  // namespace

std::string TaskLock::path_of(const std::string& folder, const std::string& task_name) {
  return (fs::path(folder) / file_name_of(task_name)).string();
}

base::Result<TaskLock> TaskLock::acquire(const std::string& folder, const std::string& task_name,
                                         const base::Clock& clock) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    return base::fail(base::ErrorKind::unavailable, "can't create the folder {} for locks: {}", folder,
                      problem.message());
  }
  // Files appear and disappear only under the folder's own lock, so nobody locks a file that is being
  // removed.
  const auto guard = FileLock::wait_for(folder);
  if (!guard) return tl::unexpected(guard.error());
  const auto path = path_of(folder, task_name);
  auto lock = FileLock::try_file(path);
  if (!lock) return tl::unexpected(lock.error());
  if (!lock->has_value()) {
    const auto holder = read_holder(path);
    if (!is_gone(holder)) return taken(task_name, holder, path);
    fs::remove(path, problem);
    lock = FileLock::try_file(path);
    if (!lock) return tl::unexpected(lock.error());
    if (!lock->has_value()) return taken(task_name, {}, path);
  }
  const Holder self{.pid = ::getpid(),
                    .born = birth_of(::getpid()).value_or(0),
                    .host = host_name(),
                    .since = base::to_iso_text(clock.system())};
  if (auto written = (*lock)->write_text(to_text(self)); !written) return tl::unexpected(written.error());
  return TaskLock(std::move(**lock), folder, path);
}

TaskLock::TaskLock(FileLock lock, std::string folder, std::string path)
    : lock_(std::move(lock)), folder_(std::move(folder)), path_(std::move(path)) {}

TaskLock::~TaskLock() {
  if (path_.empty()) return;
  const auto guard = FileLock::wait_for(folder_);
  // The file is somebody else's when a copy of this process was taken for dead; then it says so.
  if (guard && read_holder(path_).pid == ::getpid()) {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
}

}  // namespace autotuner::store
