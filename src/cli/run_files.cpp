#include "cli/run_files.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"
#include "cli/task_source.hpp"
#include "report/html.hpp"
#include "report/summary.hpp"

namespace autotuner::cli {
namespace {

constexpr std::size_t probe_bytes = 64UL * 1024;
constexpr std::uintmax_t least_free_bytes = 1024UL * 1024;

}  // namespace

base::Result<void> ensure_writable(const std::string& folder) {
  const auto refuse = [&folder](const std::string& reason) {
    return base::invalid_input(
        "results can't be written to '{}': {}; name another folder with --out, or write none with --no-files",
        folder, reason);
  };
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return refuse(code.message());
  const auto probe = fmt::format("{}/.autotuner-{}", folder, getpid());
  const auto tried = write_file(probe, std::string(probe_bytes, ' '));
  std::filesystem::remove(probe, code);
  if (!tried) return refuse(tried.error().message);
  const auto space = std::filesystem::space(folder, code);
  if (!code && space.available < least_free_bytes)
    return refuse(fmt::format("only {} bytes of the disk are free", space.available));
  return {};
}

RunFiles write_run_files(const tuning::Run& run, const report::Answer& answer, const std::string& folder) {
  RunFiles files;
  // The name is kept as it is (the reference's path); only what would leave the folder is replaced.
  const auto name = base::replace_all(run.task.name, "/", "_");
  const auto note = [&](const char* what, const std::string& path, const base::Result<void>& done) {
    if (done) {
      files.written.emplace_back(what, path);
    } else {
      files.problems.push_back(done.error().message);
    }
  };
  const auto results = fmt::format("{}/{}_results.json", folder, name);
  note("Results", results,
       write_file(results, [&](const TextSink& write) { report::write_summary(run, answer, write); }));
  const auto page = fmt::format("{}/{}_report.html", folder, name);
  note("Report", page, write_file(page, report::html(run, answer)));
  return files;
}

}  // namespace autotuner::cli
