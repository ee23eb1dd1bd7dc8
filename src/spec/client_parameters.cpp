#include "spec/client_parameters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/resolve.hpp"
#include "spec/convert.hpp"

namespace autotuner::spec {
namespace {

constexpr std::string_view concurrency_name = "client.concurrency";
constexpr std::string_view request_prefix = "client.request.";

/// Members of a request that the load generator writes itself: another value would change what is measured.
constexpr std::array<std::string_view, 9> own_members = {
    "model",     "messages", "prompt", "stream", "max_tokens", "stream_options", "n", "max_completion_tokens",
    "ignore_eos"};

/// The engine's defaults are measured at so many levels at most, spread over what the space holds.
constexpr std::size_t most_levels = 8;

std::optional<std::string_view> request_member(std::string_view name) {
  if (!name.starts_with(request_prefix)) return std::nullopt;
  return name.substr(request_prefix.size());
}

bool is_level(const space::Value& value) {
  const auto number = value.as_number();
  return number && *number >= 1 && *number <= 1e6 && std::trunc(*number) == *number;
}

std::vector<load::Level> levels_of(space::Parameter concurrency) {
  if (auto* list = std::get_if<space::Choices>(&concurrency.domain)) {
    std::ranges::sort(list->values, {}, [](const space::Value& value) { return value.as_number(); });
    const auto repeated = std::ranges::unique(list->values);
    list->values.erase(repeated.begin(), repeated.end());
  }
  const auto all = space::grid_count(concurrency).value_or(1);
  const auto count = std::min<std::size_t>(all, most_levels);
  std::vector<load::Level> levels;
  levels.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = count == 1 ? 0 : i * (all - 1) / (count - 1);
    levels.push_back({.concurrency = static_cast<int>(*space::grid_value(concurrency, place).as_number())});
  }
  return levels;
}

void check_beside(const Node& document, const Task& task, bool varied, Report& report) {
  const Section benchmark(document, "benchmark");
  const Section optimization(document, "optimization");
  if (benchmark.find("num_concurrency") != nullptr) {
    report.error("benchmark.num_concurrency", benchmark.line_of("num_concurrency"), "conflict",
                 "stands beside parameters.client.concurrency, which takes its place; give one of them");
  }
  if (varied && optimization.find("objective_at") != nullptr &&
      task.goal.at.kind != metrics::BasisKind::best_point) {
    report.error("optimization.objective_at", optimization.line_of("objective_at"), "conflict",
                 "must be best_point beside parameters.client.concurrency, of which each experiment has "
                 "another value; leave it out");
  }
}

}  // namespace

std::optional<std::string> why_no_client_parameter(std::string_view name) {
  if (name == concurrency_name) return std::nullopt;
  const auto member = request_member(name);
  if (!member || member->empty())
    return "is no parameter of the load generator; there are client.concurrency and client.request.NAME, "
           "a member of every request";
  if (std::ranges::find(own_members, *member) == own_members.end()) return std::nullopt;
  return fmt::format("can't be a parameter: autotuner sets {} of each request itself", *member);
}

std::optional<std::string> why_no_client_values(const space::Parameter& parameter) {
  if (parameter.name != concurrency_name) return std::nullopt;
  constexpr auto must = "must be whole numbers from 1 to 1000000";
  if (std::holds_alternative<space::RealRange>(parameter.domain))
    return fmt::format("is a continuous range; {}", must);
  if (const auto* range = std::get_if<space::IntegerRange>(&parameter.domain)) {
    if (is_level(range->low) && is_level(range->high)) return std::nullopt;
    return fmt::format("goes from {} to {}; {}", range->low, range->high, must);
  }
  for (const auto& value : std::get<space::Choices>(parameter.domain).values) {
    if (!is_level(value)) return fmt::format("has the value {}; {}", space::to_text(value), must);
  }
  return std::nullopt;
}

bool is_request_member(std::string_view parameter) {
  return request_member(parameter).has_value();
}

load::Workload workload_of(load::Workload workload, const space::Point& point) {
  if (const auto* value = point.find(concurrency_name); value != nullptr && value->as_number())
    workload.levels = {{.concurrency = static_cast<int>(*value->as_number())}};
  auto members = base::Json::object();
  for (const auto& [name, value] : point) {
    if (const auto member = request_member(name); member && !value.is_null())
      members[std::string(*member)] = space::to_json(value);
  }
  if (members.empty()) return workload;
  const auto given = base::parse_json(workload.additional_params);
  auto body = given && given->is_object() ? *given : base::Json::object();
  body.update(members);
  workload.additional_params = base::to_compact_text(body);
  return workload;
}

std::string client_words(const space::Point& point) {
  std::vector<std::string> parts;
  std::vector<std::string> members;
  for (const auto& [name, value] : point) {
    if (name == concurrency_name) {
      const bool one = space::to_text(value) == "1";
      parts.push_back(fmt::format("{} request{} in flight", space::to_text(value), one ? "" : "s"));
    } else if (const auto member = request_member(name); member && !value.is_null()) {
      members.push_back(fmt::format("{} = {}", *member, base::to_compact_text(space::to_json(value))));
    }
  }
  if (!members.empty()) parts.push_back(base::join(members, ", ") + " in each request");
  return base::join(parts, "; ");
}

void settle_client_parameters(const Node& document, Task& task, Report& report) {
  auto& parameters = task.space.parameters;
  std::ranges::stable_partition(
      parameters, [](const space::Parameter& parameter) { return !engine::is_client_side(parameter.name); });
  const Section written(document, "parameters");
  const auto given = base::parse_json(task.workload.additional_params);
  for (const auto& parameter : parameters) {
    const auto member = request_member(parameter.name);
    if (!member || !given || !given->contains(std::string(*member))) continue;
    report.error("parameters." + parameter.name, written.line_of(parameter.name), "conflict",
                 fmt::format("stands beside benchmark.additional_params.{}; give one of them", *member));
  }
  const auto concurrency = std::ranges::find(parameters, concurrency_name, &space::Parameter::name);
  if (concurrency == parameters.end()) return;
  const bool varied = !space::is_fixed(*concurrency);
  check_beside(document, task, varied, report);
  task.workload.levels = levels_of(*concurrency);
  if (varied) task.goal.at = {.kind = metrics::BasisKind::best_point, .level = 0};
}

}  // namespace autotuner::spec
