#include "report/html.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "metrics/registry.hpp"
#include "report/charts.hpp"
#include "report/effects.hpp"
#include "report/failure_text.hpp"
#include "report/launch.hpp"
#include "report/page_style.hpp"
#include "report/plot.hpp"
#include "report/sentences.hpp"
#include "report/trials_table_html.hpp"
#include "tuning/earlier.hpp"

namespace autotuner::report {
namespace {

using tuning::Experiment;
using tuning::Run;

std::string limits_html(const metrics::SloResult& slo) {
  if (slo.checks.empty()) return R"(<p class="soft">No limits were set.</p>)";
  std::string text = R"(<div class="limits">)";
  for (const auto& check : slo.checks) {
    const double used = std::clamp(1 - check.headroom(), 0.0, 1.0);
    text += fmt::format(
        R"(<div><span class="{}">{}</span><span class="bar"><i class="{}" )"
        R"(style="width:{:.0f}%"></i></span><span>{} <span class="soft">{}</span></span></div>)",
        check.ok() ? "kept" : "broken", check.ok() ? "✓ kept" : "✗ broken", check.ok() ? "" : "over",
        used * 100, escaped(limit_text(check)),
        check.ok() ? fmt::format("{:.0f} % headroom", check.headroom() * 100)
                   : percent_text(check.violation) + (check.limit.is_minimum() ? " short" : " over"));
  }
  return text + "</div>";
}

std::string list_html(const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string text = R"(<ul class="plain">)";
  for (const auto& sentence : sentences) text += "<li>" + escaped(sentence) + "</li>";
  return text + "</ul>";
}

std::string why_html(const Answer& answer) {
  if (!answer.best) return "";
  std::string text = "<h3>Why this one</h3>";
  if (answer.changes.empty()) {
    text += R"(<p class="soft">It is what the engine does by default.</p>)";
  } else {
    text += R"(<ul class="chips">)";
    for (const auto& change : answer.changes) {
      text += fmt::format("<li><b>{} {}</b> <small>{}</small></li>", escaped(change.parameter),
                          escaped(change.value), escaped(default_clause(change)));
    }
    text += "</ul>";
  }
  std::vector<std::string> facts{"Confidence: " + answer.confidence};
  if (answer.baseline && answer.baseline->value && answer.best->number != 0) {
    facts.push_back(fmt::format("Engine defaults: {} at {}{}",
                                metrics::to_readable(answer.baseline->metric, *answer.baseline->value),
                                load::to_text(answer.baseline->point.level),
                                answer.baseline->slo.verdict == metrics::SloVerdict::missed ||
                                        answer.baseline->slo.verdict == metrics::SloVerdict::violated
                                    ? ", breaking a limit"
                                    : ""));
  }
  if (answer.runner_up && answer.runner_up->value) {
    facts.push_back(
        fmt::format("Runner-up: {} with {}{}", name_of(answer.runner_up->number),
                    metrics::to_readable(answer.runner_up->metric, *answer.runner_up->value),
                    answer.runner_up_gap ? fmt::format(" ({})", percent_text(-*answer.runner_up_gap)) : ""));
  }
  for (const auto& other : answer.other_scenarios) {
    facts.push_back(
        fmt::format("{}: {} at {}", other.point.scenario,
                    other.value ? metrics::to_readable(other.metric, *other.value) : "not measured",
                    load::to_text(other.point.level)));
  }
  facts.insert(facts.end(), answer.further.begin(), answer.further.end());
  return text + list_html(facts);
}

std::string verdict_html(const Answer& answer) {
  const char* tone = answer.state == State::failed ? " bad" : answer.meets_limits ? "" : " warn";
  std::string text =
      fmt::format(R"(<section class="verdict{}"><p class="sentence">{}</p>)", tone, escaped(answer.sentence));
  if (answer.best) text += limits_html(answer.best->slo);
  text += why_html(answer);
  if (!answer.what_would_help.empty()) text += "<h3>What would help</h3>" + list_html(answer.what_would_help);
  return text + "</section>\n";
}

std::string launch_html(const Run& run, const Answer& answer) {
  if (!answer.best) return "";
  struct Tab {
    const char* name;
    LaunchFormat format;
  };
  std::string text = R"(<section><h2>Launch it</h2><div class="tabs">)";
  int index = 0;
  for (const auto& tab : {Tab{"Shell", LaunchFormat::shell}, Tab{"systemd unit", LaunchFormat::systemd},
                          Tab{"docker run", LaunchFormat::docker}, Tab{"Compose", LaunchFormat::compose}}) {
    const auto launch = launch_text(run, answer.best->number, tab.format);
    if (launch.empty()) continue;
    text += fmt::format(
        R"(<input type="radio" name="launch" id="l{0}"{1}><label for="l{0}">{2}</label><pre>{3}</pre>)",
        index, index == 0 ? " checked" : "", tab.name, escaped(launch));
    ++index;
  }
  return index == 0 ? "" : text + "</div></section>\n";
}

std::string alternatives_html(const Answer& answer) {
  if (answer.alternatives.empty()) return "";
  std::string text =
      "<section><h2>What the same trials answer when only one thing counts</h2><div "
      R"(class="scroll"><table><tr><th>Only</th><th>Trial</th><th class="num">Value</th><th>At</th></tr>)";
  for (const auto& other : answer.alternatives) {
    const char* word = other.objective == metrics::Objective::maximize_throughput ? "throughput"
                       : other.objective == metrics::Objective::minimize_ttft     ? "time to first token"
                                                                                  : "time per output token";
    const auto* info = metrics::find_metric(other.metric);
    text += fmt::format(
        R"(<tr><td>{} ({})</td><td>{}</td><td class="num">{}</td><td>{}</td></tr>)", word,
        escaped(info == nullptr ? other.metric : std::string(info->label)), escaped(name_of(other.number)),
        escaped(metrics::to_readable(other.metric, other.value)), escaped(load::to_text(other.point.level)));
  }
  return text + "</table></div></section>\n";
}

std::string failures_html(const Run& run, const Answer& answer) {
  if (answer.failures.empty()) return "";
  std::string text =
      "<section><h2>Failures by cause</h2><div "
      R"(class="scroll"><table><tr><th>Cause</th><th>Step</th><th>Trials</th><th>They share</th><th>First )"
      "error</th></tr>";
  for (const auto& group : answer.failures) {
    std::string numbers;
    for (const int number : group.experiments)
      numbers += fmt::format("{}#{}", numbers.empty() ? "" : ", ", number);
    std::string common;
    for (const auto& [name, value] : group.common)
      common += fmt::format("{}{}={}", common.empty() ? "" : ", ", name, value);
    text += fmt::format(R"(<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class="wrap">{}</td></tr>)",
                        escaped(group.cls), escaped(group.code), numbers,
                        escaped(common.empty() ? "nothing" : common), escaped(group.first_error));
  }
  text += "</table></div>";
  for (const auto& group : answer.failures) {
    const auto details = failure_text(run, group);
    if (details.empty()) continue;
    text += fmt::format("<details><summary>{}, {}: the first one</summary><pre>{}</pre></details>",
                        escaped(group.code), escaped(group.cls), escaped(details));
  }
  return text + "</section>\n";
}

std::string method_html(const Run& run) {
  const auto& workload = run.task.workload;
  std::string scenarios;
  for (const auto& scenario : workload.scenarios)
    scenarios += (scenarios.empty() ? "" : ", ") + scenario.text();
  std::string levels;
  for (const auto& level : workload.levels) levels += (levels.empty() ? "" : ", ") + load::to_text(level);
  const auto version =
      std::ranges::find_if(run.experiments, [](const Experiment& e) { return !e.engine_version.empty(); });
  std::string text = R"(<section><h2>How it was measured</h2><ul class="plain">)";
  text +=
      fmt::format("<li>{}{}, model {}</li>", escaped(std::string(engine::runtime(run.task.runtime).title)),
                  version == run.experiments.end() ? "" : " " + escaped(version->engine_version),
                  escaped(run.task.model.id_or_path));
  text += fmt::format("<li>Traffic {} at {}; up to {} requests or {} a level; seed {}</li>",
                      escaped(scenarios), escaped(levels), workload.max_requests,
                      base::to_duration_text(workload.max_time), run.seed);
  text +=
      fmt::format("<li>Strategy {}; {} experiments of {} planned{}; stopped: {}; {} in all</li>",
                  escaped(run.task.strategy),
                  std::ranges::count_if(run.experiments, [](const Experiment& e) { return e.number > 0; }),
                  run.planned, tuning::find(run, 0) == nullptr ? "" : " after the defaults",
                  escaped(run.stop_reason.empty() ? "not yet" : run.stop_reason),
                  base::to_duration_text(base::Seconds(run.elapsed)));
  const auto start = run.premises ? tuning::starting_words(*run.premises) : "";
  if (!start.empty()) text += "<li>The search " + escaped(start) + "</li>";
  text +=
      "<li>TTFT, TPOT and throughput are taken from the client's own time stamps, set directly after each "
      "read.</li></ul>";
  if (!run.host.empty()) {
    text += R"(<h3>Host</h3><div class="scroll"><table>)";
    for (const auto& fact : run.host) {
      text += fmt::format(
          R"(<tr><td>{}</td><td class="{}">{}</td><td class="wrap">{}{}</td></tr>)", escaped(fact.name),
          escaped(fact.state), escaped(fact.state), escaped(fact.value),
          fact.remedy.empty() ? "" : R"(<br><span class="soft">)" + escaped(fact.remedy) + "</span>");
    }
    text += "</table></div>";
  }
  text += "<details><summary>Task document</summary><pre>" + escaped(run.task.document) +
          "</pre></details></section>\n";
  return text;
}

}  // namespace

std::string html(const Run& run, const Answer& answer) {
  const std::string title = (answer.simulated ? "Simulated: " : "") + run.task.name;
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      R"(content="width=device-width,initial-scale=1">)"
      "<title>{0} · autotuner</title><style>{1}</style></head><body><main>\n<header><h1>{0}{2}</h1><p>{3} on "
      "{4}, {5}</p></header>\n",
      escaped(title), page_style(),
      answer.simulated ? R"( <span class="tag">simulated engine: invented speed</span>)" : "",
      escaped(metrics::to_text(run.task.goal.objective)),
      escaped(std::string(engine::runtime(run.task.runtime).title)),
      escaped(base::to_readable_time(run.completed_at.empty() ? run.started_at : run.completed_at)));
  page += verdict_html(answer);
  page += launch_html(run, answer);
  page += "<div class=\"plots\">\n" + frontier_figure(run, answer.frontier, answer.choice.best) +
          pareto_figure(run, answer) + convergence_figure(run, answer) + race_figure(run, answer) +
          level_figures(run, answer) + importance_figure(answer.importance) +
          effect_figures(answer.importance) + "</div>\n";
  page += failures_html(run, answer);
  page += alternatives_html(answer);
  page += trials_html(run, answer);
  page += method_html(run);
  page += "<footer>Written by autotuner. This file needs no network.</footer></main></body></html>\n";
  return page;
}

}  // namespace autotuner::report
