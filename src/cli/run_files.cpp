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
