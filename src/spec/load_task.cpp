#include "spec/load_task.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "spec/check.hpp"
#include "spec/convert.hpp"
#include "spec/document.hpp"

namespace autotuner::spec {
namespace {

std::optional<Task> read_task(std::string_view text, Format format, const LoadOptions& options,
                              Report& report) {
  const auto root = parse_document(text, format, report);
  if (!root) return std::nullopt;
  Node document = check_document(*root, report);
  Task task;
  const bool engine_known = convert_heading(document, task, report);
  convert_search(document, task);
  convert_goal(document, task, report);
  convert_workload(document, task, report);
  if (engine_known) convert_space(document, task, report);
  settle_client_parameters(document, task, report);
  if (report.has_errors()) return std::nullopt;
  cross_check(document, options, task, report);
  task.document = stored_text(document);
  return task;
}

std::vector<Problem> in_document_order(const std::vector<Problem>& problems) {
  // keeps the order of finding among problems of one line
  std::multimap<int, Problem> by_line;
  for (const auto& problem : problems) by_line.emplace(problem.line, problem);
  std::vector<Problem> sorted;
  for (auto& [line, problem] : by_line) sorted.push_back(std::move(problem));
  return sorted;
}

}  // namespace

std::string to_text(const Problem& problem, std::string_view file) {
  std::string text = problem.severity == Severity::error ? "error: " : "warning: ";
  text += file;
  if (problem.line > 0) text += fmt::format(":{}", problem.line);
  if (!problem.path.empty()) text += ": " + problem.path;
  return text + ": " + problem.message;
}

Format format_of(std::string_view file_name) {
  const std::string name = base::to_lower(file_name);
  return name.ends_with(".yaml") || name.ends_with(".yml") ? Format::yaml : Format::json;
}

Loaded load_task(std::string_view text, Format format, const LoadOptions& options) {
  Loaded loaded;
  Report report;
  try {
    loaded.task = read_task(text, format, options, report);
  } catch (const std::exception& error) {
    report.error("", 0, "internal", fmt::format("can't be read: {}", error.what()));
  }
  loaded.problems = in_document_order(report.problems());
  if (options.strict) {
    for (auto& problem : loaded.problems) problem.severity = Severity::error;
  }
  const bool wrong =
      std::ranges::any_of(loaded.problems, [](const Problem& p) { return p.severity == Severity::error; });
  if (wrong) loaded.task.reset();
  return loaded;
}

base::Result<void> set_warm_start(Task& task, bool wanted) {
  if (wanted && task.search.kind != search::Kind::gp) {
    return base::fail(base::ErrorKind::conflict,
                      "the strategy {} can't start from earlier tasks, for it has no prior; bayesian can",
                      task.strategy);
  }
  auto document = base::parse_json(task.document);
  if (!document) return tl::unexpected(document.error());
  (*document)["optimization"]["warm_start"] = wanted;
  task.document = base::to_pretty_text(*document);
  task.running.warm_start = wanted;
  return {};
}

base::Result<void> set_race(Task& task, std::optional<RaceWish> race) {
  if (race && task.running.repeat_best) {
    return base::fail(
        base::ErrorKind::conflict,
        "a race can't stand beside optimization.repeat_best, which measures the best again, too; "
        "give one of them");
  }
  if (race && task.reference_compat)
    return base::invalid_input("a race can't stand beside compat: reference, which chooses by single runs");
  auto document = base::parse_json(task.document);
  if (!document) return tl::unexpected(document.error());
  auto& asked = (*document)["optimization"]["race"];
  if (race)
    asked = {{"candidates", race->candidates}, {"rounds", race->rounds}};
  else
    asked = false;
  task.document = base::to_pretty_text(*document);
  task.running.race = race;
  return {};
}

base::Result<void> measure_whole(Task& task) {
  if (!task.running.short_look) return {};
  auto document = base::parse_json(task.document);
  if (!document) return tl::unexpected(document.error());
  (*document)["optimization"]["short_look"] = false;
  task.document = base::to_pretty_text(*document);
  task.running.short_look.reset();
  return {};
}

}  // namespace autotuner::spec
