#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/answer.hpp"

namespace autotuner::cli {

/// The files a finished run leaves in its output folder.
struct RunFiles {
  std::vector<std::pair<std::string, std::string>> written;  ///< what, path
  std::vector<std::string> problems;                         ///< files that could not be written, and why
};

/// Makes the output folder and tries it with a file as large as a small result, which is removed again: what
/// would fail at the end of hours of work, or in every trial, is found before it begins. Errors:
/// invalid_input with the folder, the reason and the remedy.
base::Result<void> ensure_writable(const std::string& folder);

/// results/<task_name>_results.json, the HTML report and the task document. A file that can't be written is a
/// problem, not a failure: the results are in the store.
RunFiles write_run_files(const tuning::Run& run, const report::Answer& answer, const std::string& folder);

}  // namespace autotuner::cli
