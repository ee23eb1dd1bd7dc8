#include "hosts/capture.hpp"

#include <filesystem>

#include <unistd.h>

#include "base/text.hpp"
#include "hosts/engine_log.hpp"
#include "hosts/process.hpp"

namespace autotuner::hosts {
namespace {

bool is_executable(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

base::Result<Captured> capture(std::vector<std::string> command,
                               std::map<std::string, std::string> environment,
                               std::chrono::milliseconds limit) {
  ProcessSpec spec;
  spec.command = std::move(command);
  spec.environment = std::move(environment);
  auto process = Process::start(spec);
  if (!process) return tl::unexpected(process.error());
  auto log = EngineLog::open("", (*process)->take_output());
  if (!log) return tl::unexpected(log.error());
  if (!(*process)->wait_for_exit(std::chrono::steady_clock::now() + limit)) {
    return base::fail(base::ErrorKind::timed_out, "{} has not ended after {}", spec.command.front(),
                      base::to_duration_text(limit));
  }
  (*log)->settle(std::chrono::seconds(1));
  return Captured{(*process)->exit_status().value_or(engine::ExitStatus{}), (*log)->tail(0)};
}

std::string find_executable(const std::string& name, std::string_view path) {
  if (name.empty()) return {};
  if (name.find('/') != std::string::npos) return is_executable(name) ? name : std::string();
  for (const auto& folder : base::split(path, ':')) {
    const auto candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (is_executable(candidate)) return candidate;
  }
  return {};
}

}  // namespace autotuner::hosts
