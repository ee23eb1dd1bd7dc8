#include "report/importance.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "metrics/registry.hpp"
#include "report/effects.hpp"
#include "report/plot.hpp"
#include "report/sentences.hpp"

namespace autotuner::report {
namespace {

constexpr auto method = "main effects of a functional ANOVA over a forest of 64 regression trees";

std::string label_of(const std::string& metric) {
  const auto* info = metrics::find_metric(metric);
  return info == nullptr ? metric : std::string(info->label);
}

bool counts(const tuning::Experiment& experiment) {
  return experiment.terminal() && experiment.rank() < 3 && experiment.metrics && !experiment.same_as &&
         !experiment.repeat_of;
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", 100 * share);
}

std::string caution_of(const search::Importance& importance) {
  std::string text;
  for (const auto& pair : importance.entangled) {
    text += fmt::format("{}{} and {} (Spearman {:.2f})", text.empty() ? "" : ", ", display_name(pair.first),
                        display_name(pair.second), pair.correlation);
  }
  return text.empty() ? text
                      : fmt::format("caution, varied together, their effects can't be told apart: {}", text);
}

std::string bars(const search::Importance& importance) {
  std::string text;
  for (const auto& effect : importance.effects) {
    text += fmt::format(
        R"(<div><span>{}</span><div class="bar"><i style="width:{:.1f}%"></i></div><span>{}</span></div>)",
        escaped(display_name(effect.parameter)), 100 * effect.share, percent(effect.share));
  }
  return "<div class=\"limits effects\">" + text + "</div>";
}

}  // namespace

std::vector<MetricImportance> importance(const tuning::Run& run, const std::string& objective_metric) {
  std::vector<MetricImportance> result;
  const auto add = [&](const std::string& metric, bool is_objective, const auto& value_of) {
    std::vector<space::Point> points;
    std::vector<double> values;
    for (const auto& experiment : run.experiments) {
      if (!counts(experiment)) continue;
      const std::optional<double> value = value_of(experiment);
      if (!value) continue;
      points.push_back(experiment.parameters);
      values.push_back(*value);
    }
    auto found = search::importance(run.task.space, points, values);
    if (!found) return;
    for (auto& effect : found->effects) {
      for (auto& level : effect.levels)
        level.value = engine::readable_value(run.task.runtime, effect.parameter, space::Value(level.value));
    }
    result.push_back({metric, is_objective, std::move(*found)});
  };
  add(objective_metric, true, [](const tuning::Experiment& experiment) { return experiment.score.value; });
  for (const auto& limit : run.task.goal.slo.limits) {
    const auto metric = limit.metric();
    if (metric == objective_metric) continue;
    add(metric, false, [&](const tuning::Experiment& experiment) -> std::optional<double> {
      for (const auto& check : experiment.score.slo.checks) {
        if (check.limit.metric() == metric) return check.actual;
      }
      return std::nullopt;
    });
  }
  return result;
}

std::vector<std::string> importance_sentences(const std::vector<MetricImportance>& importances) {
  std::vector<std::string> sentences;
  bool is_explained = false;
  for (const auto& all : importances) {
    const auto& [metric, is_objective, found] = all;
    std::vector<std::string> parts;
    double alone = 0;
    for (const auto& effect : found.effects) {
      alone += effect.share;
      if (effect.share >= worth_a_word)
        parts.push_back(fmt::format("{} {}", display_name(effect.parameter), percent(effect.share)));
    }
    std::string text = fmt::format("What mattered for {}: ", label_of(metric));
    if (parts.empty())
      text += alone == 0 ? "nothing, it was the same in all trials" : "no parameter alone, only combinations";
    else
      text += base::join(parts, ", ") + " of the variation";
    text += fmt::format(" ({}, {} trials)", method, found.trials);
    if (const auto caution = caution_of(found); !caution.empty()) text += "; " + caution;
    sentences.push_back(std::move(text));
    auto by_value = effect_sentence(all, !is_explained);
    if (by_value.empty()) continue;
    sentences.push_back(std::move(by_value));
    is_explained = true;
  }
  return sentences;
}

std::string importance_figure(const std::vector<MetricImportance>& importances) {
  if (importances.empty()) return "";
  std::string text = "<figure><h3>What mattered</h3>";
  std::string cautions;
  for (const auto& [metric, is_objective, found] : importances) {
    text += fmt::format("<h3 class=\"soft\">{}{}</h3>{}", escaped(label_of(metric)),
                        is_objective ? ", the objective" : "", bars(found));
    if (cautions.empty()) cautions = caution_of(found);
  }
  return text +
         fmt::format(
             "<figcaption>Share of the variation that each parameter explains by itself: {}; {} successful "
             "trials. What is missing to 100 % are combinations.{}</figcaption></figure>\n",
             method, importances.front().importance.trials,
             cautions.empty() ? "" : " " + escaped("C" + cautions.substr(1)) + ".");
}

}  // namespace autotuner::report
