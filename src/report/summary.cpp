#include "report/summary.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "metrics/registry.hpp"
#include "report/race.hpp"
#include "tuning/premises.hpp"

namespace autotuner::report {
namespace {

using base::Json;

Json to_json(const metrics::OperatingPoint& point) {
  return {{"scenario", point.scenario},
          {"num_concurrency", point.level.concurrency},
          {"request_rate", base::number_or_null(point.level.request_rate)}};
}

Json to_json(const Shown& shown) {
  Json checks = Json::array();
  for (const auto& check : shown.slo.checks) {
    const auto* info = metrics::find_metric(check.limit.metric());
    checks.push_back({{"metric", check.limit.metric()},
                      {"measured", check.actual},
                      {"limit", check.limit.threshold},
                      {"unit", info == nullptr ? "" : std::string(info->unit)},
                      {"headroom", check.headroom()},
                      {"hard", check.limit.hard_fail},
                      {"ok", check.ok()}});
  }
  return {{"experiment_id", shown.number},
          {"is_baseline", shown.number == 0},
          {"point", to_json(shown.point)},
          {"metric", shown.metric},
          {"value", base::number_or_null(shown.value)},
          {"delta_baseline", base::number_or_null(shown.delta_baseline)},
          {"not_comparable", shown.not_comparable.empty() ? Json(nullptr) : Json(shown.not_comparable)},
          {"slo", metrics::to_text(shown.slo.verdict)},
          {"slo_checks", checks},
          {"trust", metrics::to_text(shown.trust)}};
}

Json to_json(const std::optional<Shown>& shown) {
  return shown ? to_json(*shown) : Json(nullptr);
}

Json to_json(const MetricImportance& found) {
  Json parameters = Json::object();
  for (const auto& effect : found.importance.effects) parameters[effect.parameter] = effect.share;
  Json levels = Json::object();
  for (const auto& effect : found.importance.effects) {
    auto& list = levels[effect.parameter] = Json::array();
    for (const auto& level : effect.levels)
      list.push_back({{"value", level.value}, {"mean", level.mean}, {"deviation", level.deviation}});
  }
  Json caution = Json::array();
  for (const auto& pair : found.importance.entangled)
    caution.push_back({{"parameters", {pair.first, pair.second}}, {"spearman", pair.correlation}});
  return {{"metric", found.metric},
          {"objective", found.is_objective},
          {"method", "functional ANOVA, main effects, forest of 64 trees, seed 0"},
          {"trials", found.importance.trials},
          {"parameters", parameters},
          {"levels_method", effect_method},
          {"levels", levels},
          {"caution", caution}};
}

Json analysis(const Answer& answer) {
  Json changes = Json::array();
  for (const auto& change : answer.changes) {
    changes.push_back(
        {{"parameter", change.parameter}, {"value", change.value}, {"default", change.default_text}});
  }
  Json alternatives = Json::array();
  for (const auto& other : answer.alternatives) {
    alternatives.push_back({{"objective", metrics::to_text(other.objective)},
                            {"experiment_id", other.number},
                            {"point", to_json(other.point)},
                            {"metric", other.metric},
                            {"value", other.value}});
  }
  Json failures = Json::array();
  for (const auto& group : answer.failures) {
    Json common = Json::object();
    for (const auto& [name, value] : group.common) common[name] = value;
    failures.push_back({{"error_class", group.cls},
                        {"error_code", group.code},
                        {"count", group.experiments.size()},
                        {"experiments", group.experiments},
                        {"common_parameters", common},
                        {"first_error", group.first_error}});
  }
  Json importance = Json::array();
  for (const auto& found : answer.importance) importance.push_back(to_json(found));
  Json others = Json::array();
  for (const auto& other : answer.other_scenarios) others.push_back(to_json(other));
  return {{"state", to_text(answer.state)},
          {"meets_limits", answer.meets_limits},
          {"best", to_json(answer.best)},
          {"other_scenarios", others},
          {"runner_up", to_json(answer.runner_up)},
          {"baseline", to_json(answer.baseline)},
          {"equivalent", answer.choice.equivalent},
          {"race", race_json(answer)},
          {"changes", changes},
          {"confidence", answer.confidence},
          {"further", answer.further},
          {"what_would_help", answer.what_would_help},
          {"alternatives", alternatives},
          {"failures", failures},
          {"importance", importance}};
}

const tuning::Experiment* best_of(const tuning::Run& run, const Answer& answer) {
  return answer.choice.best ? tuning::find(run, *answer.choice.best) : nullptr;
}

bool is_trial(const tuning::Experiment& experiment) {
  return experiment.number != 0;
}

/// Everything but the experiments; `all_results` is there, empty.
Json frame(const tuning::Run& run, const Answer& answer) {
  const auto* baseline = tuning::find(run, 0);
  const auto* best = best_of(run, answer);
  Json host = Json::array();
  for (const auto& fact : run.host) {
    host.push_back(
        {{"name", fact.name}, {"state", fact.state}, {"value", fact.value}, {"remedy", fact.remedy}});
  }
  Json best_points = Json::array();
  if (best != nullptr) {
    for (const auto& point : best->score.best_points) best_points.push_back(to_json(point));
  }
  const auto successful = std::ranges::count_if(run.experiments, [](const tuning::Experiment& e) {
    return is_trial(e) && e.status == tuning::ExperimentStatus::success;
  });
  return {{"schema", 1},
          {"task_name", run.task.name},
          {"strategy", run.task.strategy},
          {"starts_from",
           tuning::to_json(run.premises ? run.premises->earlier : std::vector<tuning::EarlierTask>{})},
          {"seed", run.seed},
          {"objective", metrics::to_text(run.task.goal.objective)},
          {"state", tuning::to_text(run.state)},
          {"stop_reason", run.stop_reason},
          {"error_message", run.error_message.empty() ? Json(nullptr) : Json(run.error_message)},
          {"simulated", answer.simulated},
          {"total_experiments", std::ranges::count_if(run.experiments, is_trial)},
          {"planned_experiments", run.planned},
          {"successful_experiments", successful},
          {"elapsed_time", run.elapsed},
          {"verdict", answer.sentence},
          {"analysis", analysis(answer)},
          {"best_result", best == nullptr ? Json(nullptr) : tuning::to_json(*best)},
          {"best_points", best_points},
          {"pareto", answer.frontier ? to_json(run, *answer.frontier) : Json(nullptr)},
          {"baseline", baseline == nullptr ? Json(nullptr) : tuning::to_json(*baseline)},
          {"all_results", Json::array()},
          {"host", host}};
}

/// The value as it stands inside an indented document. No raw line end stands in a JSON string.
std::string nested(const Json& value, std::size_t depth) {
  return base::replace_all(base::to_pretty_text(value), "\n", "\n" + std::string(2 * depth, ' '));
}

}  // namespace

Json summary(const tuning::Run& run, const Answer& answer) {
  Json document = frame(run, answer);
  for (const auto& experiment : run.experiments) {
    if (is_trial(experiment)) document["all_results"].push_back(tuning::to_json(experiment));
  }
  return document;
}

void write_summary(const tuning::Run& run, const Answer& answer,
                   const std::function<void(std::string_view)>& write) {
  const Json document = frame(run, answer);
  std::string_view separator = "{\n";
  for (const auto& [name, value] : document.items()) {
    write(separator);
    separator = ",\n";
    write(fmt::format("  \"{}\": ", name));
    if (name != "all_results") {
      write(nested(value, 1));
      continue;
    }
    std::string_view before = "[\n    ";
    for (const auto& experiment : run.experiments) {
      if (!is_trial(experiment)) continue;
      write(before);
      before = ",\n    ";
      write(nested(tuning::to_json(experiment), 2));
    }
    write(before == ",\n    " ? "\n  ]" : "[]");
  }
  write("\n}\n");
}

}  // namespace autotuner::report
