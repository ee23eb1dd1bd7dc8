#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec/task.hpp"

namespace autotuner::spec {

enum class Severity { warning, error };

/// One thing wrong with a document.
struct Problem {
  Severity severity = Severity::error;
  std::string path;     ///< slo.latency.p90.threshold; empty = the whole document
  int line = 0;         ///< 1-based; 0 = unknown
  std::string message;  ///< value and what is allowed: "is -1; must be > 0"
  std::string code;     ///< missing, type, unknown_key, out_of_range, ...
  bool operator==(const Problem&) const = default;
};

/// "error: task.yaml:12: slo.ttft.threshold: is 0; must be > 0"
std::string to_text(const Problem& problem, std::string_view file);

enum class Format { json, yaml };
/// By suffix .yaml/.yml (any case), else JSON.
Format format_of(std::string_view file_name);

struct Loaded {
  std::optional<Task> task;       ///< set when there is no error
  std::vector<Problem> problems;  ///< all of them, in document order
  bool has_errors() const { return !task.has_value(); }
};

struct LoadOptions {
  bool strict = false;  ///< warnings become errors
  int host_gpus = 0;    ///< GPUs of this host, for checks that need it
};

/// Parses and checks a task document; reports every problem at once. Never throws.
Loaded load_task(std::string_view text, Format format, const LoadOptions& options = {});

/// Gives a task another race, or none, in its document, too. Errors: conflict when it has repeat_best;
/// invalid_input for a race with compat: reference.
base::Result<void> set_race(Task& task, std::optional<RaceWish> race);

/// Takes the short look away from a task that has one, in its document, too. Errors: none for a task that was
/// loaded.
base::Result<void> measure_whole(Task& task);

/// Lets a task begin with what earlier tasks measured, or from nothing, in its document, too. Errors:
/// conflict when its strategy has no prior.
base::Result<void> set_warm_start(Task& task, bool wanted);

/// JSON Schema (draft 2020-12) of the task document, from the table that parses it.
base::Json task_schema();
/// The task-file reference as Markdown, from the same table.
std::string task_reference_markdown();

}  // namespace autotuner::spec
