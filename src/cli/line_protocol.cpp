#include "cli/line_protocol.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/prior.hpp"

namespace autotuner::cli {
namespace {

using base::Json;
using base::Result;

constexpr std::int64_t most_asked = 10'000;
constexpr std::int64_t default_budget = 60;

struct Named {
  std::string_view name;
  search::Kind kind;
  bool multivariate = false;
};
constexpr std::array<Named, 9> strategies{{{"gp", search::Kind::gp},
                                           {"bayesian", search::Kind::gp},
                                           {"forest", search::Kind::forest},
                                           {"hill_climb", search::Kind::hill_climb},
                                           {"tpe", search::Kind::tpe},
                                           {"tpe-multivariate", search::Kind::tpe, true},
                                           {"random", search::Kind::random},
                                           {"sobol", search::Kind::sobol},
                                           {"grid", search::Kind::grid_search}}};

std::string shown(const Json& json) {
  auto text = base::to_compact_text(json);
  return text.size() > 80 ? text.substr(0, 77) + "..." : text;
}

/// A whole number of at least `least`; absent or null = `otherwise`.
Result<std::int64_t> count_of(const Json& object, const char* key, std::int64_t least,
                              std::int64_t otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return otherwise;
  const bool whole =
      found->is_number_integer() &&
      !(found->is_number_unsigned() &&
        found->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  if (!whole || found->get<std::int64_t>() < least)
    return base::invalid_input("{} is {}; must be a whole number of at least {}", key, shown(*found), least);
  return found->get<std::int64_t>();
}

/// Finite numbers by name; null members are left out.
Result<std::map<std::string, double>> numbers_of(const Json& object, const char* key) {
  std::map<std::string, double> numbers;
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return numbers;
  if (!found->is_object()) return base::invalid_input("tell.{} is {}; must be an object", key, shown(*found));
  for (const auto& [name, value] : found->items()) {
    if (value.is_null()) continue;
    const auto number = base::number_at(*found, name);
    if (!number || !std::isfinite(*number))
      return base::invalid_input("tell.{}.{} is {}; must be a finite number", key, name, shown(value));
    numbers[name] = *number;
  }
  return numbers;
}

}  // namespace

Result<search::Options> strategy_options(std::string_view name) {
  std::string names;
  for (const auto& strategy : strategies) {
    if (strategy.name == name) {
      search::Options options;
      options.kind = strategy.kind;
      options.multivariate = strategy.multivariate;
      options.max_iterations = std::numeric_limits<int>::max();
      return options;
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", strategy.name);
  }
  return base::invalid_input("strategy is \"{}\"; must be one of {}", name, names);
}

std::string LineProtocol::answer(std::string_view line) {
  const auto response = respond(line);
  return base::to_compact_text(response ? *response : Json{{"error", response.error().message}});
}

Result<Json> LineProtocol::respond(std::string_view line) {
  const auto request = base::parse_json(line);
  if (!request) return tl::unexpected(request.error());
  if (!request->is_object()) return base::invalid_input("the line is {}; must be an object", shown(*request));
  if (request->contains("space")) return open(*request);
  const bool asks = request->contains("ask");
  const bool tells = request->contains("tell");
  if (asks == tells)
    return base::invalid_input("the line must hold one of space, ask and tell, not {}", shown(*request));
  if (!study_) return base::invalid_input("the first line must hold a space");
  return asks ? ask(*request) : tell((*request)["tell"]);
}

Result<Json> LineProtocol::open(const Json& request) {
  if (study_) return base::invalid_input("the space is already known; one process holds one study");
  const auto seed = count_of(request, "seed", 0, 0);
  if (!seed) return tl::unexpected(seed.error());
  const auto budget = count_of(request, "budget", 1, default_budget);
  if (!budget) return tl::unexpected(budget.error());
  auto space = search::study_space_from_json(request["space"]);
  if (!space) return tl::unexpected(space.error());
  add_groups(*space);
  if (add_prior_ != nullptr) add_prior_(*space);
  auto options = options_;
  options.seed = static_cast<std::uint64_t>(*seed);
  options.horizon = static_cast<int>(std::min<std::int64_t>(*budget, std::numeric_limits<int>::max()));
  auto strategy = search::make_strategy(space->space, space->rules, options, space->problem);
  if (!strategy) return tl::unexpected(strategy.error());
  study_.emplace(std::move(*strategy), space->problem);
  space_ = std::move(*space);
  return Json{{"ready", true}};
}

Result<Json> LineProtocol::ask(const Json& request) {
  const auto count = count_of(request, "ask", 1, 1);
  if (!count) return tl::unexpected(count.error());
  if (*count > most_asked) return base::invalid_input("ask is {}; must be at most {}", *count, most_asked);
  const auto suggestions = study_->ask(static_cast<std::size_t>(*count));
  if (suggestions.empty()) return Json{{"done", true}};
  if (*count == 1) return Json{{"point", space::to_json(suggestions.front().point)}};
  Json points = Json::array();
  for (const auto& suggestion : suggestions) points.push_back(space::to_json(suggestion.point));
  return Json{{"points", std::move(points)}};
}

Result<Json> LineProtocol::tell(const Json& json) {
  if (!json.is_object()) return base::invalid_input("tell is {}; must be an object", shown(json));
  if (!json.contains("point")) return base::invalid_input("tell.point is missing");
  search::Report report;
  auto point = search::study_point_from_json(space_->space, json["point"]);
  if (!point) return base::invalid_input("tell.point: {}", point.error().message);
  report.point = std::move(*point);
  const auto status = base::text_at(json, "status");
  if (!status) return base::invalid_input("tell.status is missing; must be a text, such as \"ok\"");
  const auto failure = search::failure_from_status(*status, base::text_at(json, "detail").value_or(""));
  if (!failure) return base::invalid_input("tell.{}", failure.error().message);
  report.failure = *failure;
  auto metrics = numbers_of(json, "metrics");
  if (!metrics) return tl::unexpected(metrics.error());
  report.metrics = std::move(*metrics);
  const auto costs = numbers_of(json, "costs");
  if (!costs) return tl::unexpected(costs.error());
  if (const auto found = costs->find("start_seconds"); found != costs->end())
    report.start_seconds = found->second;
  if (const auto found = costs->find("bench_seconds"); found != costs->end())
    report.bench_seconds = found->second;
  if (json.contains("score") && !json["score"].is_null()) {
    report.score = base::number_at(json, "score");
    if (!report.score) return base::invalid_input("tell.score is {}; must be a number", shown(json["score"]));
  }
  if (report.failure == search::Failure::none && !report.score) {
    auto objectives = space_->problem.objectives;
    if (space_->problem.objective) objectives.push_back(*space_->problem.objective);
    if (objectives.empty())
      return base::invalid_input("tell.score is missing, and the space names no objective");
    for (const auto& objective : objectives) {
      if (!report.metrics.contains(objective.metric))
        return base::invalid_input("tell.metrics.{} is missing; it is the objective", objective.metric);
    }
  }
  study_->tell(report);
  return Json{{"ok", true}};
}

}  // namespace autotuner::cli
