#include <array>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "engine/command_line.hpp"
#include "tuning/experiment.hpp"
#include "tuning/record_reader.hpp"

namespace autotuner::tuning {
namespace {

using base::Json;
using base::number_or_null;

constexpr const char* secret_mask = "********";

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

template <class T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json point_json(const space::Point& point) {
  return space::to_json(engine::masked(point, secret_mask));
}

Json variables_json(const std::map<std::string, std::string>& variables) {
  Json json = Json::object();
  for (const auto& [name, value] : variables) json[name] = engine::is_secret_name(name) ? secret_mask : value;
  return json;
}

Json check_json(const metrics::LimitCheck& check) {
  return {{"name", check.limit.name},
          {"metric", check.limit.metric()},
          {"stat", check.limit.stat},
          {"threshold", number_or_null(check.limit.threshold)},
          {"weight", number_or_null(check.limit.weight)},
          {"hard_fail", check.limit.hard_fail},
          {"fail_ratio", number_or_null(check.limit.fail_ratio)},
          {"actual", number_or_null(check.actual)},
          {"violation", number_or_null(check.violation)},
          {"penalty", number_or_null(check.penalty)},
          {"severity", check.severity}};
}

metrics::LimitCheck check_from(RecordReader& reader) {
  metrics::LimitCheck check;
  reader.text("name", check.limit.name);
  reader.text("stat", check.limit.stat);
  reader.number("threshold", check.limit.threshold);
  reader.number("weight", check.limit.weight);
  reader.boolean("hard_fail", check.limit.hard_fail);
  reader.number("fail_ratio", check.limit.fail_ratio);
  reader.number("actual", check.actual);
  reader.number("violation", check.violation);
  reader.number("penalty", check.penalty);
  reader.text("severity", check.severity);
  return check;
}

Json operating_point_json(const metrics::OperatingPoint& point) {
  return {{"scenario", point.scenario},
          {"num_concurrency", point.level.concurrency},
          {"request_rate", number_or_null(point.level.request_rate)}};
}

metrics::OperatingPoint operating_point_from(RecordReader& reader) {
  metrics::OperatingPoint point;
  reader.text("scenario", point.scenario);
  reader.integer("num_concurrency", point.level.concurrency);
  reader.number("request_rate", point.level.request_rate);
  return point;
}

Json phase_json(const Phase& phase) {
  Json json = {
      {"name", phase.name}, {"started_at", phase.started_at}, {"seconds", number_or_null(phase.seconds)}};
  if (!phase.scenario.empty()) json["scenario"] = phase.scenario;
  if (phase.num_concurrency != 0) json["num_concurrency"] = phase.num_concurrency;
  return json;
}

Phase phase_from(RecordReader& reader) {
  Phase phase;
  reader.text("name", phase.name);
  reader.text("started_at", phase.started_at);
  reader.number("seconds", phase.seconds);
  reader.text("scenario", phase.scenario);
  reader.integer("num_concurrency", phase.num_concurrency);
  return phase;
}

template <class Items, class ToJson>
Json list_json(const Items& items, const ToJson& item_json) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(item_json(item));
  return list;
}

void add_outcome(Json& json, const Experiment& e) {
  const auto& slo = e.score.slo;
  const bool success = e.status == ExperimentStatus::success;
  json["metrics"] = e.metrics ? metrics::to_json(*e.metrics) : Json(nullptr);
  json["objective_score"] = success ? number_or_null(e.score.score) : Json(nullptr);
  json["objective_value"] = number_or_null(e.score.value);
  json["objective_metric"] = text_or_null(e.score.metric);
  if (!e.score.objectives.empty()) json["objectives"] = e.score.objectives;
  json["slo"] = metrics::to_text(slo.verdict);
  json["slo_violation"] = slo.verdict == metrics::SloVerdict::violated;
  json["slo_penalty"] = number_or_null(slo.penalty);
  json["slo_hard_excess"] = number_or_null(slo.hard_excess);
  json["slo_checks"] = list_json(slo.checks, check_json);
  json["best_points"] = list_json(e.score.best_points, operating_point_json);
  json["error_message"] = e.failure ? Json(e.failure->message) : Json(nullptr);
  json["error_code"] = e.failure ? Json(engine::to_text(e.failure->code)) : Json(nullptr);
  json["error_class"] = e.failure ? Json(engine::to_text(e.failure->cls)) : Json(nullptr);
  json["error_transient"] = e.failure && e.failure->transient;
  json["penalty"] = e.failure || e.penalty != 0 ? number_or_null(e.penalty) : Json(nullptr);
  json["stage"] = e.stage;
}

void add_circumstances(Json& json, const Experiment& e) {
  json["container_logs"] = text_or_null(e.log_tail);
  json["gpu_info"] = e.gpus > 0 ? Json{{"count", e.gpus}} : Json(nullptr);
  json["created_resources"] = {{"clusterbasemodel", nullptr}, {"clusterservingruntime", nullptr}};
  json["simulated"] = e.simulated;
  json["created_at"] = text_or_null(e.created_at);
  json["started_at"] = text_or_null(e.started_at);
  json["completed_at"] = text_or_null(e.completed_at);
  json["elapsed_time"] = number_or_null(e.elapsed);
  json["deploy_s"] = number_or_null(e.deploy_s);
  json["ready_s"] = number_or_null(e.ready_s);
  json["benchmark_s"] = number_or_null(e.benchmark_s);
  json["endpoint"] = text_or_null(e.endpoint);
  json["image"] = text_or_null(e.image);
  json["command"] = e.command;
  json["flags"] = point_json(e.flags);
  json["environment_variables"] = variables_json(e.environment_variables);
  json["environment"] = {{"engine_version", text_or_null(e.engine_version)}};
  json["memory_limit_gib"] = number_or_null(e.memory_limit_gib);
  json["phases"] = list_json(e.phases, phase_json);
  json["covers"] = list_json(e.covers, point_json);
  json["reason"] = e.reason;
  json["search_phase"] = e.phase_of_search;
  json["same_as"] = value_or_null(e.same_as);
  json["repeat_of"] = value_or_null(e.repeat_of);
  json["engine_of"] = value_or_null(e.engine_of);
  json["attempt"] = e.attempt;
  json["fidelity"] = number_or_null(e.fidelity);
  json["cut_short"] = text_or_null(e.cut_short);
  if (!e.look.empty()) json["short_look"] = e.look;
  json["warnings"] = e.warnings;
  json["log_path"] = text_or_null(e.log_path);
}

void read_point(RecordReader& reader, std::string_view key, space::Point& point) {
  const auto* json = reader.member(key);
  if (json == nullptr) return;
  auto read = space::point_from_json(*json);
  if (read) {
    point = std::move(*read);
  } else {
    reader.refuse(key, read.error().message);
  }
}

void read_verdict(RecordReader& reader, metrics::SloResult& slo) {
  constexpr std::array verdicts = {metrics::SloVerdict::none, metrics::SloVerdict::met,
                                   metrics::SloVerdict::missed, metrics::SloVerdict::violated};
  bool violated = false;
  reader.boolean("slo_violation", violated);
  if (violated) slo.verdict = metrics::SloVerdict::violated;
  std::string word;
  reader.text("slo", word);
  if (word.empty()) return;
  for (const auto verdict : verdicts) {
    if (word == metrics::to_text(verdict)) {
      slo.verdict = verdict;
      return;
    }
  }
  reader.refuse("slo", "is '" + word + "'; must be none, met, missed or violated");
}

void read_outcome(RecordReader& reader, Experiment& e) {
  if (const auto* json = reader.member("metrics"); json != nullptr && json->is_object()) {
    auto read = metrics::metrics_from_json(*json);
    if (read) {
      e.metrics = std::move(*read);
    } else {
      reader.refuse("metrics", read.error().message);
    }
  }
  // The reference writes its penalty here when an experiment failed: that is no score.
  if (e.status == ExperimentStatus::success) reader.number("objective_score", e.score.score);
  reader.number("objective_value", e.score.value);
  reader.text("objective_metric", e.score.metric);
  reader.number_map("objectives", e.score.objectives);
  read_verdict(reader, e.score.slo);
  reader.number("slo_penalty", e.score.slo.penalty);
  reader.number("slo_hard_excess", e.score.slo.hard_excess);
  reader.list("slo_checks", e.score.slo.checks, check_from);
  reader.list("best_points", e.score.best_points, operating_point_from);
  reader.number("penalty", e.penalty);
  reader.integer("stage", e.stage);
}

void read_failure(RecordReader& reader, Experiment& e) {
  std::string code, cls;
  engine::Failure failure;
  reader.text("error_code", code);
  reader.text("error_class", cls);
  reader.text("error_message", failure.message);
  reader.boolean("error_transient", failure.transient);
  if (code.empty() && (failure.message.empty() || e.status != ExperimentStatus::failed)) return;
  failure.code = engine::failure_code_from_text(code).value_or(engine::FailureCode::internal);
  failure.cls = engine::failure_class_from_text(cls).value_or(engine::FailureClass::other);
  e.failure = std::move(failure);
}

void read_circumstances(RecordReader& reader, Experiment& e) {
  reader.text("container_logs", e.log_tail);
  reader.nested("gpu_info", [&](RecordReader& gpu) { gpu.integer("count", e.gpus); });
  reader.boolean("simulated", e.simulated);
  reader.text("created_at", e.created_at);
  reader.text("started_at", e.started_at);
  reader.text("completed_at", e.completed_at);
  reader.number("elapsed_time", e.elapsed);
  reader.number("deploy_s", e.deploy_s);
  reader.number("ready_s", e.ready_s);
  reader.number("benchmark_s", e.benchmark_s);
  reader.text("endpoint", e.endpoint);
  reader.text("image", e.image);
  reader.texts("command", e.command);
  read_point(reader, "flags", e.flags);
  reader.text_map("environment_variables", e.environment_variables);
  reader.nested("environment", [&](RecordReader& there) { there.text("engine_version", e.engine_version); });
  reader.number("memory_limit_gib", e.memory_limit_gib);
  reader.list("phases", e.phases, phase_from);
  reader.points("covers", e.covers);
  reader.text("reason", e.reason);
  reader.text("search_phase", e.phase_of_search);
  reader.integer("same_as", e.same_as);
  reader.integer("repeat_of", e.repeat_of);
  reader.integer("engine_of", e.engine_of);
  reader.integer("attempt", e.attempt);
  reader.number("fidelity", e.fidelity);
  reader.text("cut_short", e.cut_short);
  reader.number_map("short_look", e.look);
  reader.texts("warnings", e.warnings);
  reader.text("log_path", e.log_path);
}

}  // namespace

Json to_json(const Experiment& experiment) {
  Json json;
  json["experiment_id"] = experiment.number;
  json["parameters"] = point_json(experiment.parameters);
  json["status"] = to_text(experiment.status);
  add_outcome(json, experiment);
  add_circumstances(json, experiment);
  return json;
}

base::Result<Experiment> experiment_from_json(const Json& json) {
  if (!json.is_object()) return base::invalid_input("an experiment record must be an object");
  Experiment experiment;
  RecordReader reader(json, "experiment");
  reader.integer("experiment_id", experiment.number);
  reader.name("experiment " + std::to_string(experiment.number));
  std::string status;
  reader.text("status", status);
  if (const auto known = experiment_status_from_text(status)) {
    experiment.status = *known;
  } else {
    reader.refuse("status",
                  "is '" + status + "'; must be pending, deploying, benchmarking, success or failed");
  }
  read_point(reader, "parameters", experiment.parameters);
  read_outcome(reader, experiment);
  read_failure(reader, experiment);
  read_circumstances(reader, experiment);
  if (auto problem = reader.problem()) return tl::unexpected(std::move(*problem));
  return experiment;
}

}  // namespace autotuner::tuning
