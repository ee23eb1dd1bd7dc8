#include "report/export.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "metrics/registry.hpp"
#include "report/summary.hpp"

namespace autotuner::report {
namespace {

using base::Json;
using tuning::Experiment;
using tuning::Run;

/// RFC 4180: quoted when it holds a comma, a quote or a line break. A leading = + - @ of text would be run as
/// a formula by spreadsheets, so it gets an apostrophe.
std::string csv_cell(std::string text) {
  const bool number = base::to_number(text).has_value();
  if (!number && !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos)
    text.insert(0, "'");
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  return "\"" + base::replace_all(text, "\"", "\"\"") + "\"";
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : ",") + csv_cell(cells[i]);
  return line + "\n";
}

std::vector<std::string> parameter_names(const Run& run) {
  std::vector<std::string> names;
  names.reserve(run.task.space.parameters.size());
  for (const auto& parameter : run.task.space.parameters) names.push_back(parameter.name);
  return names;
}

std::string number_text(std::optional<double> value) {
  return value ? base::to_shortest_text(*value) : "";
}

/// Columns for every registered metric that at least one row has.
std::vector<const metrics::MetricInfo*> measured_metrics(const std::vector<metrics::Metrics>& rows) {
  std::vector<const metrics::MetricInfo*> columns;
  for (const auto& info : metrics::all_metrics()) {
    if (std::ranges::any_of(rows, [&](const metrics::Metrics& row) {
          return row.value(std::string(info.name)).has_value();
        })) {
      columns.push_back(&info);
    }
  }
  return columns;
}

std::string header_of(const metrics::MetricInfo& info) {
  return fmt::format("{} [{}]", info.name, info.unit);
}

void add_parameters(std::vector<std::string>& cells, const Experiment& experiment,
                    const std::vector<std::string>& names) {
  const auto shown = engine::masked(experiment.parameters);
  for (const auto& name : names) {
    const auto* value = shown.find(name);
    cells.push_back(value == nullptr ? "" : space::to_text(*value));
  }
}

Json points_json(const Run& run) {
  Json points = Json::array();
  for (const auto& experiment : run.experiments) {
    if (!experiment.metrics) continue;
    for (const auto* batch : experiment.metrics->points()) {
      const auto at = metrics::of_point(*batch, experiment.metrics->gpus);
      Json point{{"experiment_id", experiment.number},
                 {"scenario", batch->scenario},
                 {"num_concurrency", batch->num_concurrency},
                 {"request_rate", base::number_or_null(batch->request_rate)},
                 {"slo", metrics::to_text(metrics::evaluate(run.task.goal.slo, *batch).verdict)},
                 {"trust", metrics::to_text(batch->audit.trust)}};
      for (const auto& [info, value] : at.values) point[info->name] = base::number_or_null(value);
      points.push_back(std::move(point));
    }
  }
  return points;
}

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    const bool plain = std::ranges::none_of(value, [](const Json& item) { return item.is_structured(); });
    // Scenarios hold commas: in flow style each is quoted, so both styles read back alike.
    if (plain) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : value) emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else if (value.is_null()) {
    out << YAML::Null;
  } else if (value.is_boolean()) {
    out << value.get<bool>();
  } else if (value.is_number_float()) {
    out << base::to_shortest_text(value.get<double>());
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string export_json(const Run& run, const Answer& answer) {
  const auto whole = summary(run, answer);
  auto task = base::parse_json(run.task.document);
  Json experiments = Json::array();
  for (const auto& experiment : run.experiments) experiments.push_back(tuning::to_json(experiment));
  const Json document{{"schema", 1},
                      {"task", task ? *task : Json(nullptr)},
                      {"run", run.run},
                      {"seed", run.seed},
                      {"state", tuning::to_text(run.state)},
                      {"simulated", answer.simulated},
                      {"verdict", answer.sentence},
                      {"experiments", experiments},
                      {"points", points_json(run)},
                      {"analysis", whole["analysis"]}};
  return base::to_pretty_text(document) + "\n";
}

std::string export_csv_points(const Run& run) {
  struct Row {
    const Experiment* experiment;
    const metrics::Batch* batch;
  };
  std::vector<Row> rows;
  std::vector<metrics::Metrics> values;
  for (const auto& experiment : run.experiments) {
    if (!experiment.metrics) continue;
    for (const auto* batch : experiment.metrics->points()) {
      rows.push_back({&experiment, batch});
      values.push_back(metrics::of_point(*batch, experiment.metrics->gpus));
    }
  }
  const auto names = parameter_names(run);
  const auto columns = measured_metrics(values);
  std::vector<std::string> head{"experiment_id", "scenario", "num_concurrency", "request_rate [requests/s]",
                                "slo",           "trust",    "simulated",       "gpus"};
  for (const auto& name : names) head.push_back(name);
  for (const auto* info : columns) head.push_back(header_of(*info));
  std::string text = csv_row(head);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& [experiment, batch] = rows[i];
    std::vector<std::string> cells{std::to_string(experiment->number),
                                   batch->scenario,
                                   std::to_string(batch->num_concurrency),
                                   number_text(batch->request_rate),
                                   metrics::to_text(metrics::evaluate(run.task.goal.slo, *batch).verdict),
                                   metrics::to_text(batch->audit.trust),
                                   experiment->simulated ? "true" : "false",
                                   std::to_string(experiment->gpus)};
    add_parameters(cells, *experiment, names);
    for (const auto* info : columns) cells.push_back(number_text(values[i].value(std::string(info->name))));
    text += csv_row(cells);
  }
  return text;
}

std::string export_csv_experiments(const Run& run) {
  std::vector<metrics::Metrics> values;
  values.reserve(run.experiments.size());
  for (const auto& experiment : run.experiments)
    values.push_back(experiment.metrics.value_or(metrics::Metrics{}));
  const auto names = parameter_names(run);
  auto columns = measured_metrics(values);
  // The experiment's own elapsed time, start of the engine included, has its column already.
  std::erase_if(columns, [](const metrics::MetricInfo* info) { return info->name == "elapsed_time"; });
  std::vector<std::string> head{
      "experiment_id",    "status",      "slo",           "objective_value", "objective_score",
      "error_code",       "error_class", "error_message", "simulated",       "gpus",
      "elapsed_time [s]", "fidelity"};
  for (const auto& name : names) head.push_back(name);
  for (const auto* info : columns) head.push_back(header_of(*info));
  std::string text = csv_row(head);
  for (std::size_t i = 0; i < run.experiments.size(); ++i) {
    const auto& experiment = run.experiments[i];
    const auto& failure = experiment.failure;
    std::vector<std::string> cells{std::to_string(experiment.number),
                                   tuning::to_text(experiment.status),
                                   experiment.metrics ? metrics::to_text(experiment.score.slo.verdict) : "",
                                   number_text(experiment.score.value),
                                   number_text(experiment.score.score),
                                   failure ? engine::to_text(failure->code) : "",
                                   failure ? engine::to_text(failure->cls) : "",
                                   failure ? failure->message : "",
                                   experiment.simulated ? "true" : "false",
                                   std::to_string(experiment.gpus),
                                   number_text(experiment.elapsed),
                                   number_text(experiment.fidelity)};
    add_parameters(cells, experiment, names);
    for (const auto* info : columns) cells.push_back(number_text(values[i].value(std::string(info->name))));
    text += csv_row(cells);
  }
  return text;
}

base::Result<std::string> export_yaml(const Run& run, const Answer& answer, bool best) {
  auto parsed = base::parse_json(run.task.document);
  if (!parsed) return tl::unexpected(parsed.error());
  auto document = *parsed;
  if (best) {
    if (!answer.best)
      return base::fail(base::ErrorKind::not_found,
                        "task '{}' has no measured configuration to fix the parameters to", run.task.name);
    const auto* chosen = tuning::find(run, answer.best->number);
    Json parameters = Json::object();
    Json quant = Json::object();
    Json parallel = Json::object();
    for (const auto& [name, value] : chosen->parameters) {
      const bool is_quant = name.starts_with("__quant__");
      const bool is_parallel = name.starts_with("__parallel__");
      auto& target = is_quant ? quant : is_parallel ? parallel : parameters;
      const auto key = is_quant ? name.substr(9) : is_parallel ? name.substr(12) : name;
      // A preset is a list of names in documents; everything else a list of one value.
      target[key == "preset" ? "presets" : key] = Json::array({space::to_json(value)});
    }
    document["parameters"] = parameters;
    for (const auto& [member, value] :
         {std::pair{"quant_config", quant}, std::pair{"parallel_config", parallel}}) {
      if (value.empty()) {
        document.erase(member);
      } else {
        document[member] = value;
      }
    }
    document["task_name"] = run.task.name + "-best";
  }
  YAML::Emitter out;
  emit(out, document);
  const char* note =
      answer.simulated
          ? "# Simulated: made by the simulated engine; its figures say nothing about a real one.\n"
          : "";
  return fmt::format("{}{}\n", note, out.c_str());
}

std::string benchmark_command(const Run& run, const Answer& answer) {
  if (!answer.best) return "";
  const auto& workload = run.task.workload;
  std::vector<std::string> words{
      "autotuner", "bench", "--url", "http://127.0.0.1:8080", "--scenario", answer.best->point.scenario};
  words.insert(words.end(), {"--concurrency", std::to_string(answer.best->point.level.concurrency)});
  words.insert(words.end(), {"--max-requests", std::to_string(workload.max_requests), "--max-seconds",
                             base::to_readable_number(workload.max_time.count(), 6)});
  if (workload.api == load::Api::completions) words.insert(words.end(), {"--api", "completions"});
  words.insert(words.end(), {"--seed", std::to_string(workload.seed)});
  return engine::shell_line({}, words) + "\n";
}

}  // namespace autotuner::report
