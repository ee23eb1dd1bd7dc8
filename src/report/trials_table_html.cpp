#include "report/trials_table_html.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "engine/catalogue.hpp"
#include "metrics/registry.hpp"
#include "report/plot.hpp"

namespace autotuner::report {
namespace {

using tuning::Experiment;
using tuning::Run;

std::string cell(const std::optional<Shown>& at, const char* metric) {
  const auto value = at ? at->at.value(metric) : std::nullopt;
  return fmt::format(R"(<td class="num">{}</td>)",
                     value ? escaped(metrics::to_readable(metric, *value)) : "-");
}

std::string outcome_of(const Experiment& experiment) {
  if (experiment.failure && experiment.rank() == 3) {
    return fmt::format("{}: {}", engine::to_text(experiment.failure->cls), experiment.failure->message);
  }
  std::string text;
  switch (experiment.score.slo.verdict) {
    case metrics::SloVerdict::none:
      text = "measured";
      break;
    case metrics::SloVerdict::met:
      text = "limits met";
      break;
    case metrics::SloVerdict::missed:
      text = "limit missed";
      break;
    case metrics::SloVerdict::violated:
      text = "hard limit broken";
      break;
  }
  if (experiment.metrics) {
    const auto audit = experiment.metrics->audit();
    if (audit.trust != metrics::Trust::valid)
      text += audit.trust == metrics::Trust::noisy ? ", NOISY" : ", INVALID";
    for (const auto& finding : audit.findings) {
      if (finding.trust != metrics::Trust::valid) text += ": " + finding.text;
    }
    if (experiment.metrics->partial && experiment.fidelity >= 1) text += ", partial";
  }
  if (!experiment.cut_short.empty()) text += "; " + experiment.cut_short;
  if (experiment.same_as) text += fmt::format(", copied from #{}", *experiment.same_as);
  if (experiment.engine_of) text += fmt::format(", on the engine of #{}", *experiment.engine_of);
  return text;
}

}  // namespace

std::string trials_html(const Run& run, const Answer& answer) {
  std::vector<std::string> names;
  for (const auto& parameter : run.task.space.parameters) {
    if (!space::is_fixed(parameter)) names.push_back(parameter.name);
  }
  const auto metric =
      answer.best ? answer.best->metric : metrics::objective_metric(run.task.goal.objective, true);
  const auto* info = metrics::find_metric(metric);
  std::string text = R"(<section><h2>All trials</h2><div class="scroll"><table><tr><th class="num">#</th>)";
  for (const auto& name : names) text += "<th>" + escaped(name) + "</th>";
  text += fmt::format(
      R"(<th class="num">{}</th><th>at</th><th class="num">TTFT P90</th><th class="num">TPOT P50</th><th )"
      R"(class="num">E2E P90</th><th class="num">Took</th></tr>)",
      escaped(info == nullptr ? metric : std::string(info->label)));
  for (const auto& experiment : run.experiments) {
    const auto at = shown(run, experiment);
    const bool chosen = answer.best && answer.best->number == experiment.number;
    const char* tone = chosen ? "chosen" : experiment.rank() == 3 ? "failed" : "";
    text += fmt::format(R"(<tr class="figures {}"><td class="num">{}{}</td>)", tone, chosen ? "★ " : "",
                        experiment.number);
    for (const auto& name : names) {
      const auto* value = experiment.parameters.find(name);
      const auto shown_value =
          value == nullptr ? "·" : escaped(engine::readable_value(run.task.runtime, name, *value));
      text += "<td>" + shown_value + "</td>";
    }
    text += fmt::format(R"(<td class="num">{}</td><td>{}</td>)",
                        at && at->value ? escaped(metrics::to_readable(at->metric, *at->value)) : "-",
                        at ? escaped(load::to_text(at->point.level)) : "-");
    text += cell(at, "p90_ttft") + cell(at, "p50_tpot") + cell(at, "p90_e2e_latency");
    text += fmt::format(R"(<td class="num">{}</td></tr>)",
                        base::to_duration_text(base::Seconds(experiment.elapsed)));
    // Words get a line of their own: beside the figures of many parameters they would be out of sight.
    text += fmt::format(R"(<tr class="words {}"><td></td><td colspan="{}"><div>{}{}</div></td></tr>)", tone,
                        names.size() + 6, escaped(outcome_of(experiment)),
                        experiment.reason.empty() ? ""
                                                  : R"(<br><span class="soft">Why tried: )" +
                                                        escaped(experiment.reason) + "</span>");
  }
  return text + "</table></div></section>\n";
}

}  // namespace autotuner::report
