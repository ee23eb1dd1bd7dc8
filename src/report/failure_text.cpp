#include "report/failure_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"

namespace autotuner::report {
namespace {

constexpr std::size_t shown_lines = 12;

std::string last_lines(const std::string& log) {
  auto lines = base::split(base::trim(log), '\n');
  const auto count = std::min(shown_lines, lines.size());
  std::string text;
  for (auto line = lines.end() - static_cast<std::ptrdiff_t>(count); line != lines.end(); ++line)
    text += "    " + *line + "\n";
  return text;
}

}  // namespace

std::string failure_text(const tuning::Run& run, const FailureGroup& group) {
  const auto* first = tuning::find(run, group.experiments.front());
  if (first == nullptr || first->command.empty()) return {};
  auto text = fmt::format("{} was started as:\n    {}\n", name_of(first->number),
                          engine::shell_line(first->environment_variables, first->command));
  if (first->memory_limit_gib)
    text += fmt::format("  under a limit of {:.3g} GiB of memory\n", *first->memory_limit_gib);
  if (!first->log_tail.empty()) text += "  and printed last:\n" + last_lines(first->log_tail);
  if (!first->log_path.empty()) {
    text += fmt::format("  all of its output: autotuner results {} --log {}\n",
                        engine::shell_quote(run.task.name), first->number);
  }
  return text;
}

}  // namespace autotuner::report
