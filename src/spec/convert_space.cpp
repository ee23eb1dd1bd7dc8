#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "engine/resolve.hpp"
#include "spec/convert.hpp"
#include "spec/parameters.hpp"

namespace autotuner::spec {
namespace {

using engine::RuntimeId;

/// Sizes that are usual for a parallel field; others are taken with a warning (hosts with 3 or 6 GPUs exist).
struct UsualSizes {
  std::string_view field;
  std::array<int, 5> sizes;
};
constexpr auto usual_sizes = std::to_array<UsualSizes>({
    {"tp", {1, 2, 4, 8, 16}},
    {"pp", {1, 2, 4, 8, 8}},
    {"dp", {1, 2, 4, 8, 16}},
    {"cp", {1, 2, 4, 8, 8}},
    {"dcp", {1, 2, 4, 8, 8}},
    {"moe_ep", {1, 2, 4, 8, 16}},
});

void warn_of_unusual_size(const Member& member, Report& report) {
  const auto* const row = std::ranges::find(usual_sizes, std::string_view(member.key), &UsualSizes::field);
  if (row == usual_sizes.end()) return;
  for (const auto& item : member.value.items) {
    if (item.kind != NodeKind::integer || item.integer < 1) continue;
    if (std::ranges::find(row->sizes, item.integer) != row->sizes.end()) continue;
    const std::set<int> known(row->sizes.begin(), row->sizes.end());
    report.warning("parallel_config." + member.key, item.line, "unusual_value",
                   fmt::format("has the value {}; usual are {}", item.integer, fmt::join(known, ", ")));
  }
}

/// Each member alone, so that every mistake is found and has its line.
bool check_group(const Node& document, const std::string& group, RuntimeId runtime, Report& report) {
  const Node* section = document.find(group);
  if (section == nullptr) return true;
  bool good = true;
  const auto nothing = base::Json::object();
  for (const auto& member : section->members) {
    auto alone = base::Json::object();
    alone[member.key] = to_json(member.value);
    const bool quant = group == "quant_config";
    auto folded = engine::fold({}, quant ? alone : nothing, quant ? nothing : alone, runtime);
    if (!quant) warn_of_unusual_size(member, report);
    if (folded) continue;
    good = false;
    const std::string path = group + "." + member.key;
    // the message names the path already; it is not to be said twice
    std::string message = folded.error().message;
    if (message.starts_with(path))
      message = std::string(base::trim(std::string_view(message).substr(path.size())));
    if (message.starts_with(":")) message = std::string(base::trim(std::string_view(message).substr(1)));
    report.error(path, member.value.line, "not_allowed", message);
  }
  return good;
}

base::Json group_json(const Node& document, const std::string& group) {
  const Node* node = document.find(group);
  return node != nullptr ? to_json(*node) : base::Json::object();
}

/// A factor given both as a flag and in parallel_config.
void check_given_twice(const std::vector<space::Parameter>& parameters, const Node& document,
                       RuntimeId runtime, Report& report) {
  const Section parallel(document, "parallel_config");
  for (const std::string factor : {"tp", "pp", "dp", "cp", "dcp", "ep", "pcp"}) {
    const Node* values = parallel.find(factor);
    if (values == nullptr) continue;
    const auto flag = engine::canonical_flag(runtime, factor);
    const auto found = std::ranges::find(parameters, flag, &space::Parameter::name);
    if (found == parameters.end()) continue;
    space::Choices same;
    for (const auto& item : values->items) {
      if (auto value = space::value_from_json(to_json(item))) same.values.push_back(*value);
    }
    if (found->domain == decltype(found->domain)(same)) continue;
    report.error(
        "parallel_config." + factor, values->line, "conflict",
        fmt::format("gives other values than parameters.{}, which means the same; keep one of them", flag));
  }
}

void convert_constraints(const Node& document, space::Space& space, Report& report) {
  const Node* list = document.find("constraints");
  if (list == nullptr) return;
  std::vector<std::string_view> names;
  for (const auto& parameter : space.parameters) names.emplace_back(parameter.name);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const auto& item = list->items[i];
    const std::string path = fmt::format("constraints[{}]", i);
    auto constraint = space::Constraint::parse(item.text);
    if (!constraint) {
      report.error(path, item.line, "not_allowed",
                   fmt::format("is \"{}\": {}", item.text, constraint.error().message));
      continue;
    }
    for (const auto& name : constraint->names()) {
      if (std::ranges::find(names, name) != names.end()) continue;
      const auto near = base::nearest(name, names);
      report.warning(path, item.line, "unknown_name",
                     fmt::format("speaks of {}, which is no parameter of this task{}", name,
                                 near ? fmt::format("; did you mean {}?", *near) : ""));
    }
    space.constraints.push_back(std::move(*constraint));
  }
}

}  // namespace

void convert_space(Node& document, Task& task, Report& report) {
  const Node empty;
  const Node* object = document.find("parameters");
  const ParameterContext context{task.runtime, task.search.kind == search::Kind::grid_search};
  auto read = read_parameters(object != nullptr ? *object : empty, context, report);
  if (object != nullptr) document.set("parameters", std::move(read.normalised));
  check_given_twice(read.parameters, document, task.runtime, report);
  const bool quant = check_group(document, "quant_config", task.runtime, report);
  const bool parallel = check_group(document, "parallel_config", task.runtime, report);
  if (!quant || !parallel) return;
  auto folded = engine::fold(std::move(read.parameters), group_json(document, "quant_config"),
                             group_json(document, "parallel_config"), task.runtime);
  if (!folded) {
    report.error("", 0, "not_allowed", folded.error().message);
    return;
  }
  task.space.parameters = std::move(*folded);
  convert_constraints(document, task.space, report);
}

}  // namespace autotuner::spec
