#include "report/terminal.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "metrics/registry.hpp"
#include "report/sentences.hpp"

namespace autotuner::report {
namespace {

using tuning::Experiment;
using tuning::Run;

std::string paint(const TextStyle& style, const char* code, const std::string& text) {
  return style.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

/// Columns of a text as a terminal counts them: UTF-8 continuation bytes take none.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t columns) {
  const auto used = columns_of(text);
  return used < columns ? text + std::string(columns - used, ' ') : text;
}

std::string bar(double headroom) {
  constexpr int cells = 10;
  const int filled = std::clamp(static_cast<int>(std::lround((1 - headroom) * cells)), 0, cells);
  std::string text;
  for (int i = 0; i < cells; ++i) text += i < filled ? "█" : "░";
  return text;
}

std::vector<std::string> varying_parameters(const Run& run) {
  std::vector<std::string> names;
  for (const auto& parameter : run.task.space.parameters) {
    if (!space::is_fixed(parameter)) names.push_back(parameter.name);
  }
  return names;
}

std::string outcome(const Experiment& experiment) {
  if (experiment.same_as) return fmt::format("= #{}", *experiment.same_as);
  if (experiment.failure && experiment.rank() == 3) {
    return fmt::format("{}: {}", engine::to_text(experiment.failure->cls), experiment.failure->message);
  }
  if (!experiment.terminal()) return tuning::to_text(experiment.status);
  std::string text = metrics::to_text(experiment.score.slo.verdict);
  if (text == "none") text = "ok";
  if (experiment.metrics && experiment.metrics->audit().trust != metrics::Trust::valid) {
    text += experiment.metrics->audit().trust == metrics::Trust::noisy ? ", noisy" : ", INVALID";
  }
  if (experiment.fidelity < 1) {
    text += ", short look";
  } else if (experiment.metrics && experiment.metrics->partial) {
    text += ", partial";
  }
  if (experiment.repeat_of) text += fmt::format(", #{} again", *experiment.repeat_of);
  return text;
}

std::string metric_cell(const std::optional<Shown>& at, const char* metric) {
  if (!at) return "-";
  const auto value = at->at.value(metric);
  return value ? metrics::to_readable(metric, *value) : "-";
}

std::vector<std::string> row_of(const Run& run, const Answer& answer, const Experiment& experiment,
                                const std::vector<std::string>& names) {
  const auto at = shown(run, experiment);
  const bool is_best = answer.best && answer.best->number == experiment.number;
  std::vector<std::string> row{(is_best ? "*" : " ") + std::to_string(experiment.number)};
  for (const auto& name : names) {
    const auto* value = experiment.parameters.find(name);
    row.push_back(value == nullptr ? "·" : engine::readable_value(run.task.runtime, name, *value));
  }
  row.push_back(at && at->value ? metrics::to_readable(at->metric, *at->value) : "-");
  row.push_back(at ? load::to_text(at->point.level) : "-");
  row.push_back(metric_cell(at, "p90_ttft"));
  row.push_back(metric_cell(at, "p50_tpot"));
  auto text = outcome(experiment);
  if (const auto line_end = text.find('\n'); line_end != std::string::npos) text.resize(line_end);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  row.push_back(text);
  return row;
}

}  // namespace

std::string verdict_text(const Run& run, const Answer& answer, const TextStyle& style) {
  const bool good = answer.best && answer.meets_limits;
  std::string text = paint(style, good ? "1;32" : "1;33", answer.sentence) + "\n";
  if (answer.best) {
    for (const auto& check : answer.best->slo.checks) {
      text += fmt::format("  {} {} {} {}\n",
                          check.ok() ? paint(style, "32", "✓ kept  ") : paint(style, "31", "✗ broken"),
                          bar(check.headroom()), limit_text(check),
                          check.ok() ? fmt::format("{:.0f} % headroom", check.headroom() * 100) : "");
    }
    if (!answer.changes.empty()) {
      text += "  Why: ";
      std::string list;
      for (const auto& change : answer.changes) {
        list += fmt::format("{}{} {} ({})", list.empty() ? "" : ", ", change.parameter, change.value,
                            default_clause(change));
      }
      text += list + "\n";
    }
    text += "  Confidence: " + answer.confidence + "\n";
    if (answer.runner_up && answer.runner_up->value) {
      text +=
          fmt::format("  Runner-up: {} with {}{}\n", name_of(answer.runner_up->number),
                      metrics::to_readable(answer.runner_up->metric, *answer.runner_up->value),
                      answer.runner_up_gap ? fmt::format(" ({})", percent_text(-*answer.runner_up_gap)) : "");
    }
    for (const auto& other : answer.other_scenarios) {
      text += fmt::format("  {}: {} at {}\n", other.point.scenario,
                          other.value ? metrics::to_readable(other.metric, *other.value) : "not measured",
                          load::to_text(other.point.level));
    }
  }
  for (const auto& sentence : answer.further) text += "  " + sentence + "\n";
  for (const auto& help : answer.what_would_help) text += "  Would help: " + help + "\n";
  (void)run;
  return text;
}

std::string trials_table(const Run& run, const Answer& answer, const TextStyle& style) {
  auto names = varying_parameters(run);
  std::vector<std::string> left_out;
  const auto metric =
      answer.best ? answer.best->metric : metrics::objective_metric(run.task.goal.objective, true);
  const auto* info = metrics::find_metric(metric);
  while (true) {
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> head{" #"};
    for (const auto& name : names) head.push_back(display_name(name));
    head.insert(head.end(), {info == nullptr ? metric : std::string(info->label), "at", "TTFT P90",
                             "TPOT P50", "outcome"});
    rows.push_back(head);
    for (const auto& experiment : run.experiments) rows.push_back(row_of(run, answer, experiment, names));

    std::vector<std::size_t> widths(head.size(), 0);
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    std::size_t total = 0;
    for (const auto width : widths) total += width + 2;
    if (total > static_cast<std::size_t>(style.width) && names.size() > 1) {
      left_out.insert(left_out.begin(), display_name(names.back()));
      names.pop_back();
      continue;
    }
    std::string text;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      std::string line;
      for (std::size_t i = 0; i < rows[r].size(); ++i)
        line += i + 1 < rows[r].size() ? padded(rows[r][i], widths[i] + 2) : rows[r][i];
      const bool is_best = r > 0 && line.starts_with("*");
      text += r == 0 ? paint(style, "1", line) : is_best ? paint(style, "32", line) : line;
      text += "\n";
    }
    if (!left_out.empty())
      text +=
          fmt::format("Not shown for want of room: {} (a wider window, `results` or the report shows all)\n",
                      base::join(left_out, ", "));
    return text;
  }
}

std::string alternatives_text(const Answer& answer) {
  std::string text;
  for (const auto& other : answer.alternatives) {
    const char* word = other.objective == metrics::Objective::maximize_throughput ? "throughput"
                       : other.objective == metrics::Objective::minimize_ttft     ? "TTFT"
                                                                                  : "TPOT";
    const auto* info = metrics::find_metric(other.metric);
    text += fmt::format("  For {} alone: {}, {} ({}) at {}\n", word, name_of(other.number),
                        metrics::to_readable(other.metric, other.value),
                        info == nullptr ? other.metric : std::string(info->label),
                        load::to_text(other.point.level));
  }
  return text;
}

}  // namespace autotuner::report
