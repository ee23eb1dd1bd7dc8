#include "search/study_space.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::search {
namespace {

using base::Json;
using base::Result;

std::string shown(const Json& json) {
  auto text = base::to_compact_text(json);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

Result<std::string> text_of(const Json& object, const char* key, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end()) return base::invalid_input("{}.{} is missing", path, key);
  if (!found->is_string() || found->get<std::string>().empty())
    return base::invalid_input("{}.{} is {}; must be a text", path, key, shown(*found));
  return found->get<std::string>();
}

Result<bool> flag_of(const Json& object, const char* key, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return false;
  if (!found->is_boolean())
    return base::invalid_input("{}.{} is {}; must be true or false", path, key, shown(*found));
  return found->get<bool>();
}

Result<double> number_in(const Json& object, const char* key, const std::string& path) {
  const auto number = base::number_at(object, key);
  if (number && std::isfinite(*number)) return *number;
  const auto found = object.find(key);
  if (found == object.end()) return base::invalid_input("{}.{} is missing", path, key);
  return base::invalid_input("{}.{} is {}; must be a number", path, key, shown(*found));
}

Result<space::Parameter> range_from(const Json& object, const std::string& type, const std::string& path) {
  const auto low = number_in(object, "low", path);
  if (!low) return tl::unexpected(low.error());
  const auto high = number_in(object, "high", path);
  if (!high) return tl::unexpected(high.error());
  const auto log = flag_of(object, "log", path);
  if (!log) return tl::unexpected(log.error());
  if (*low > *high)
    return base::invalid_input("{}: low is {} and high is {}; low must not be larger", path, *low, *high);
  if (*log && *low <= 0)
    return base::invalid_input("{}.low is {}; must be above 0 where log is true", path, *low);
  if (type == "float") return space::Parameter{"", space::RealRange{*low, *high, *log}};
  if (std::abs(*low) > 9e15 || std::abs(*high) > 9e15 || std::trunc(*low) != *low ||
      std::trunc(*high) != *high)
    return base::invalid_input("{}: low is {} and high is {}; must be integers", path, *low, *high);
  const double step = base::number_at(object, "step").value_or(1);
  if (!(step >= 1) || std::trunc(step) != step || step > 9e15)
    return base::invalid_input("{}.step is {}; must be an integer of at least 1", path, step);
  return space::Parameter{
      "", space::IntegerRange{static_cast<std::int64_t>(*low), static_cast<std::int64_t>(*high), *log,
                              static_cast<std::int64_t>(step)}};
}

Result<space::Parameter> choices_from(const Json& object, const std::string& path) {
  const auto values = object.find("values");
  if (values == object.end()) return base::invalid_input("{}.values is missing", path);
  if (!values->is_array() || values->empty())
    return base::invalid_input("{}.values is {}; must be a list of at least one value", path, shown(*values));
  space::Choices choices;
  for (const auto& json : *values) {
    auto value = space::value_from_json(json);
    if (!value) return base::invalid_input("{}.values: {}", path, value.error().message);
    if (std::ranges::find(choices.values, *value) != choices.values.end())
      return base::invalid_input("{}.values: {} stands there twice", path, shown(json));
    choices.values.push_back(std::move(*value));
  }
  return space::Parameter{"", std::move(choices)};
}

Result<void> read_parameter(const Json& object, const std::string& path, StudySpace& study) {
  if (!object.is_object()) return base::invalid_input("{} is {}; must be an object", path, shown(object));
  auto name = text_of(object, "name", path);
  if (!name) return tl::unexpected(name.error());
  if (std::ranges::find(study.space.parameters, *name, &space::Parameter::name) !=
      study.space.parameters.end())
    return base::invalid_input("{}.name: {} is there twice", path, *name);
  const auto type = base::text_at(object, "type").value_or("categorical");
  constexpr std::array<std::string_view, 5> types{"bool", "categorical", "ordinal", "int", "float"};
  if (std::ranges::find(types, type) == types.end())
    return base::invalid_input("{}.type is \"{}\"; must be bool, categorical, ordinal, int or float", path,
                               type);
  const bool is_range = type == "int" || type == "float";
  auto parameter = is_range ? range_from(object, type, path) : choices_from(object, path);
  if (!parameter) return tl::unexpected(parameter.error());
  parameter->name = *name;
  const auto log = flag_of(object, "log", path);
  if (!log) return tl::unexpected(log.error());
  const auto scope = base::text_at(object, "scope").value_or("server");
  if (scope != "server" && scope != "client")
    return base::invalid_input("{}.scope is \"{}\"; must be server or client", path, scope);
  study.problem.knobs.push_back(
      {*name, type != "categorical", *log, scope == "client" ? Scope::client : Scope::server});
  study.space.parameters.push_back(std::move(*parameter));
  return {};
}

Result<void> read_facts(const Json& json, StudySpace& study) {
  const auto facts = json.find("facts");
  if (facts == json.end() || facts->is_null()) return {};
  if (!facts->is_object()) return base::invalid_input("space.facts is {}; must be an object", shown(*facts));
  for (const auto& [name, value] : facts->items()) {
    auto read = space::value_from_json(value);
    if (!read) return base::invalid_input("space.facts.{}: {}", name, read.error().message);
    if (const auto number = read->as_number()) study.problem.facts[name] = *number;
    study.facts.set(name, std::move(*read));
  }
  return {};
}

Result<void> read_constraints(const Json& json, StudySpace& study) {
  const auto constraints = json.find("constraints");
  if (constraints == json.end() || constraints->is_null()) return {};
  if (!constraints->is_array())
    return base::invalid_input("space.constraints is {}; must be a list", shown(*constraints));
  // A parameter of the same name hides a fact.
  auto facts = study.facts;
  for (const auto& parameter : study.space.parameters) facts.erase(parameter.name);
  for (const auto& entry : *constraints) {
    if (!entry.is_string())
      return base::invalid_input("space.constraints: {} is no expression", shown(entry));
    auto constraint = space::Constraint::parse(entry.get<std::string>(), space::Truth::numeric);
    if (!constraint) return base::invalid_input("space.constraints: {}", constraint.error().message);
    for (const auto& name : constraint->names()) {
      const bool known =
          facts.contains(name) || std::ranges::find(study.space.parameters, name, &space::Parameter::name) !=
                                      study.space.parameters.end();
      if (!known)
        return base::invalid_input(
            "space.constraints: \"{}\" names {}, which is neither a parameter nor a fact", constraint->text(),
            name);
    }
    study.space.constraints.push_back(constraint->with(facts));
  }
  return {};
}

Result<void> read_listed(const Json& json, StudySpace& study) {
  if (base::text_at(json, "points").value_or("product") != "listed") return {};
  const auto listed = json.find("listed");
  if (listed == json.end() || !listed->is_array() || listed->empty())
    return base::invalid_input("space.listed must be a list of points where points is \"listed\"");
  auto identities = std::make_shared<std::unordered_set<std::string>>();
  for (std::size_t i = 0; i < listed->size(); ++i) {
    const auto& entry = (*listed)[i];
    if (!entry.is_array() || entry.size() != study.space.parameters.size())
      return base::invalid_input("space.listed[{}] is {}; must hold one position for each of {} parameters",
                                 i, shown(entry), study.space.parameters.size());
    space::Point point;
    for (std::size_t p = 0; p < entry.size(); ++p) {
      const auto& parameter = study.space.parameters[p];
      const auto* choices = std::get_if<space::Choices>(&parameter.domain);
      const auto position = entry[p].is_number_unsigned() || entry[p].is_number_integer()
                                ? entry[p].get<std::int64_t>()
                                : std::int64_t{-1};
      if (choices == nullptr || position < 0 || position >= static_cast<std::int64_t>(choices->values.size()))
        return base::invalid_input("space.listed[{}]: {} is no position of a value of {}", i, shown(entry[p]),
                                   parameter.name);
      point.set(parameter.name, choices->values[static_cast<std::size_t>(position)]);
    }
    identities->insert(space::identity(point));
  }
  study.rules.why_invalid = [identities](const space::Point& point) -> std::optional<std::string> {
    if (identities->contains(space::identity(point))) return std::nullopt;
    return "not among the listed points";
  };
  return {};
}

Result<Objective> objective_from(const Json& json, const std::string& path) {
  if (!json.is_object()) return base::invalid_input("{} is {}; must be an object", path, shown(json));
  auto metric = text_of(json, "metric", path);
  if (!metric) return tl::unexpected(metric.error());
  const auto direction = base::text_at(json, "direction").value_or("maximize");
  if (direction != "maximize" && direction != "minimize")
    return base::invalid_input("{}.direction is \"{}\"; must be maximize or minimize", path, direction);
  return Objective{*metric, direction == "minimize" ? Direction::minimize : Direction::maximize};
}

Result<void> read_objectives(const Json& json, StudySpace& study) {
  if (const auto found = json.find("objective"); found != json.end() && !found->is_null()) {
    auto objective = objective_from(*found, "space.objective");
    if (!objective) return tl::unexpected(objective.error());
    study.problem.objective = std::move(*objective);
  }
  const auto several = json.find("objectives");
  if (several == json.end() || several->is_null()) return {};
  if (!several->is_array() || several->size() < 2 || several->size() > 3)
    return base::invalid_input("space.objectives is {}; must be a list of two or three", shown(*several));
  for (std::size_t i = 0; i < several->size(); ++i) {
    const auto path = fmt::format("space.objectives[{}]", i);
    auto objective = objective_from((*several)[i], path);
    if (!objective) return tl::unexpected(objective.error());
    if (std::ranges::count(study.problem.objectives, objective->metric, &Objective::metric) > 0)
      return base::invalid_input("{}.metric is \"{}\", which stands there already", path, objective->metric);
    study.problem.objectives.push_back(std::move(*objective));
  }
  return {};
}

Result<void> read_goal(const Json& json, StudySpace& study) {
  if (auto read = read_objectives(json, study); !read) return read;
  const auto limits = json.find("slo");
  if (limits == json.end() || limits->is_null()) return {};
  if (!limits->is_array()) return base::invalid_input("space.slo is {}; must be a list", shown(*limits));
  for (std::size_t i = 0; i < limits->size(); ++i) {
    const auto path = fmt::format("space.slo[{}]", i);
    const auto& limit = (*limits)[i];
    if (!limit.is_object()) return base::invalid_input("{} is {}; must be an object", path, shown(limit));
    auto metric = text_of(limit, "metric", path);
    if (!metric) return tl::unexpected(metric.error());
    const auto max = number_in(limit, "max", path);
    if (!max) return tl::unexpected(max.error());
    if (*max <= 0) return base::invalid_input("{}.max is {}; must be above 0", path, *max);
    const double exponent = base::number_at(limit, "exponent").value_or(1);
    if (!(exponent > 0) || exponent > 100)
      return base::invalid_input("{}.exponent is {}; must be above 0 and at most 100", path, exponent);
    study.problem.slos.push_back({*metric, *max, exponent, false});
  }
  return {};
}

}  // namespace

base::Result<StudySpace> study_space_from_json(const base::Json& json) {
  if (!json.is_object()) return base::invalid_input("space is {}; must be an object", shown(json));
  const auto parameters = json.find("parameters");
  if (parameters == json.end()) return base::invalid_input("space.parameters is missing");
  if (!parameters->is_array() || parameters->empty())
    return base::invalid_input("space.parameters is {}; must be a list of at least one parameter",
                               shown(*parameters));
  StudySpace study;
  for (std::size_t i = 0; i < parameters->size(); ++i) {
    const auto read = read_parameter((*parameters)[i], fmt::format("space.parameters[{}]", i), study);
    if (!read) return tl::unexpected(read.error());
  }
  for (const auto reader : {read_facts, read_constraints, read_listed, read_goal}) {
    const auto read = reader(json, study);
    if (!read) return tl::unexpected(read.error());
  }
  const auto engine_default = json.find("default");
  if (engine_default != json.end() && !engine_default->is_null()) {
    auto point = study_point_from_json(study.space, *engine_default);
    if (!point) return base::invalid_input("space.default: {}", point.error().message);
    study.engine_default = std::move(*point);
  }
  return study;
}

base::Result<space::Point> study_point_from_json(const space::Space& space, const base::Json& json) {
  if (!json.is_object()) return base::invalid_input("{} is no point; must be an object", shown(json));
  space::Point point;
  for (const auto& parameter : space.parameters) {
    const auto found = json.find(parameter.name);
    if (found == json.end()) return base::invalid_input("{} is missing", parameter.name);
    auto value = space::value_from_json(*found);
    if (!value) return base::invalid_input("{}: {}", parameter.name, value.error().message);
    bool belongs = value->as_number().has_value();
    std::string values = "a number";
    if (const auto* choices = std::get_if<space::Choices>(&parameter.domain)) {
      belongs = std::ranges::find(choices->values, *value) != choices->values.end();
      values.clear();
      for (const auto& choice : choices->values)
        values += (values.empty() ? "one of " : ", ") + shown(space::to_json(choice));
    }
    if (!belongs) return base::invalid_input("{} is {}; must be {}", parameter.name, shown(*found), values);
    point.set(parameter.name, std::move(*value));
  }
  for (const auto& [name, value] : json.items()) {
    if (!point.contains(name)) return base::invalid_input("{} is no parameter of the space", name);
  }
  return point;
}

base::Result<Failure> failure_from_status(std::string_view status, std::string_view detail) {
  if (status == "ok") return Failure::none;
  if (status == "oom_start") {
    const auto text = base::to_lower(detail);
    if (text.find("cache") != std::string::npos) return Failure::no_cache_room;
    if (text.find("graph") != std::string::npos) return Failure::no_graph_room;
    return Failure::out_of_memory;
  }
  if (status == "oom_run") return Failure::out_of_memory_load;
  if (status == "invalid") return Failure::invalid;
  if (status == "timeout") return Failure::timeout;
  if (status == "runtime_error" || status == "wrong_result" || status == "unhealthy")
    return Failure::unhealthy;
  if (status == "compile_error" || status == "failed" || status == "other") return Failure::other;
  return base::invalid_input(
      "status is \"{}\"; must be ok, oom_start, oom_run, invalid, timeout, compile_error, runtime_error, "
      "wrong_result, unhealthy or failed",
      status.substr(0, 80));
}

}  // namespace autotuner::search
