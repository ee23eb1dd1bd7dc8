#include "cli/run_files.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/task_source.hpp"
#include "report/html.hpp"
#include "report/summary.hpp"

namespace autotuner::cli {

RunFiles write_run_files(const tuning::Run& run, const report::Answer& answer, const std::string& folder) {
  RunFiles files;
  // The name is kept as it is (the reference's path); only what would leave the folder is replaced.
  const auto name = base::replace_all(run.task.name, "/", "_");
  const auto write = [&](const char* what, const std::string& path, const std::string& text) {
    const auto done = write_file(path, text);
    if (done) {
      files.written.emplace_back(what, path);
    } else {
      files.problems.push_back(done.error().message);
    }
  };
  write("Results", fmt::format("{}/{}_results.json", folder, name), report::summary_text(run, answer));
  write("Report", fmt::format("{}/{}_report.html", folder, name), report::html(run, answer));
  return files;
}

}  // namespace autotuner::cli
