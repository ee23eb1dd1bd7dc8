#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spec/load_task.hpp"

namespace autotuner::test {

/// A small complete task; `patch` (RFC 7396) replaces or adds members, null removes them.
inline base::Json task_document(std::string_view patch = "{}") {
  base::Json document = base::Json::parse(R"({
    "task_name": "small",
    "model": {"id_or_path": "demo-8b"},
    "base_runtime": "sim",
    "parameters": {"max-num-seqs": [32, 64]},
    "optimization": {"objective": "maximize_throughput"},
    "benchmark": {"num_concurrency": [1, 4], "max_seconds_per_run": 5}
  })");
  document.merge_patch(base::Json::parse(patch));
  return document;
}

inline spec::Loaded load_json(std::string_view text, const spec::LoadOptions& options = {}) {
  return spec::load_task(text, spec::Format::json, options);
}
inline spec::Loaded load_yaml(std::string_view text, const spec::LoadOptions& options = {}) {
  return spec::load_task(text, spec::Format::yaml, options);
}
/// The small task with a patch.
inline spec::Loaded load_patched(std::string_view patch, const spec::LoadOptions& options = {}) {
  return load_json(base::to_pretty_text(task_document(patch)), options);
}

/// The first problem of that path, or an empty one.
inline spec::Problem problem_at(const spec::Loaded& loaded, std::string_view path) {
  const auto found = std::ranges::find(loaded.problems, path, &spec::Problem::path);
  return found == loaded.problems.end() ? spec::Problem{} : *found;
}
inline spec::Problem problem_with(const spec::Loaded& loaded, std::string_view code) {
  const auto found = std::ranges::find(loaded.problems, code, &spec::Problem::code);
  return found == loaded.problems.end() ? spec::Problem{} : *found;
}

/// All problems, one a line, for failure messages.
inline std::string all_problems(const spec::Loaded& loaded) {
  std::string text;
  for (const auto& problem : loaded.problems) text += spec::to_text(problem, "task") + "\n";
  return text;
}

}  // namespace autotuner::test
