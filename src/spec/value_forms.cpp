#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "spec/parameters.hpp"

namespace autotuner::spec {
namespace {

constexpr std::int64_t longest_integer_grid = 1000;
constexpr std::array<std::string_view, 4> type_words = {"choice", "categorical", "integer", "continuous"};

/// One value specification being read.
struct Form {
  const std::string& name;
  const std::string& path;
  const Node& node;
  bool needs_grid;
  Report& report;

  void error(const std::string& member, const Node& at, std::string code, std::string message) const {
    report.error(member.empty() ? path : path + "." + member, at.line > 0 ? at.line : node.line,
                 std::move(code), std::move(message));
  }
};

std::optional<space::Value> read_value(const Form& form, const Node& node, const std::string& where) {
  auto value = space::value_from_json(to_json(node));
  if (value) return *value;
  form.report.error(where, node.line, "type", value.error().message);
  return std::nullopt;
}

std::optional<space::Parameter> choices(const Form& form, const Node& list, const std::string& where) {
  if (list.items.empty()) {
    form.report.warning(where, form.node.line, "empty", "is an empty list; the parameter is left out");
    return std::nullopt;
  }
  space::Choices result;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    auto value = read_value(form, list.items[i], fmt::format("{}[{}]", where, i));
    if (value) result.values.push_back(std::move(*value));
  }
  if (result.values.size() != list.items.size()) return std::nullopt;
  return space::Parameter{form.name, std::move(result)};
}

std::optional<space::Parameter> choice_object(const Form& form) {
  const Node* values = form.node.find("values");
  const std::string_view member = values != nullptr ? "values" : "choices";
  if (values == nullptr) values = form.node.find("choices");
  if (values == nullptr) {
    form.error("values", form.node, "missing", "is missing; must be a list of values");
    return std::nullopt;
  }
  if (values->kind != NodeKind::list) {
    form.error(std::string(member), *values, "type",
               fmt::format("is {}; must be a list of values", to_message_text(*values)));
    return std::nullopt;
  }
  return choices(form, *values, fmt::format("{}.{}", form.path, member));
}

/// low or min, high or max.
const Node* bound(const Form& form, const std::string& member, const std::string& alias) {
  const Node* node = form.node.find(member);
  const bool by_alias = node == nullptr;
  if (by_alias) node = form.node.find(alias);
  if (node == nullptr) {
    form.error(member, form.node, "missing", "is missing; must be a number");
    return nullptr;
  }
  if (node->is_number()) return node;
  form.error(by_alias ? alias : member, *node, "type",
             fmt::format("is {}; must be a number", to_message_text(*node)));
  return nullptr;
}

std::optional<bool> log_scale(const Form& form, double low) {
  const Node* node = form.node.find("log");
  if (node == nullptr || node->is_null()) return false;
  if (node->kind != NodeKind::boolean) {
    form.error("log", *node, "type", fmt::format("is {}; must be true or false", to_message_text(*node)));
    return std::nullopt;
  }
  if (node->boolean && low <= 0) {
    form.error("low", form.node, "out_of_range",
               fmt::format("is {}; must be > 0 with log", base::to_shortest_text(low)));
    return std::nullopt;
  }
  return node->boolean;
}

std::optional<std::int64_t> whole(const Form& form, const std::string& member, const Node& node) {
  constexpr double exact = 9007199254740992.0;
  if (node.kind == NodeKind::integer) return node.integer;
  if (node.kind == NodeKind::real && std::trunc(node.real) == node.real && std::abs(node.real) < exact) {
    return static_cast<std::int64_t>(node.real);
  }
  form.error(member, node, "type", fmt::format("is {}; must be a whole number", to_message_text(node)));
  return std::nullopt;
}

/// A whole number of at least `least`, or `preset` when it is not given.
std::optional<std::int64_t> count(const Form& form, const std::string& member, std::int64_t least,
                                  std::int64_t preset) {
  const Node* node = form.node.find(member);
  if (node == nullptr || node->is_null()) return preset;
  const auto value = whole(form, member, *node);
  if (!value || *value >= least) return value;
  form.error(member, *node, "out_of_range", fmt::format("is {}; must be at least {}", *value, least));
  return std::nullopt;
}

bool in_order(const Form& form, const Node& low, const Node& high) {
  if (low.number() <= high.number()) return true;
  form.error("low", low, "out_of_range",
             fmt::format("is {}; must be at most high, {}", to_message_text(low), to_message_text(high)));
  return false;
}

std::optional<space::Parameter> integer_range(const Form& form) {
  const Node* low = bound(form, "low", "min");
  const Node* high = bound(form, "high", "max");
  if (low == nullptr || high == nullptr || !in_order(form, *low, *high)) return std::nullopt;
  const auto first = whole(form, "low", *low);
  const auto last = whole(form, "high", *high);
  const auto log = log_scale(form, low->number());
  const auto step = count(form, "step", 1, 1);
  if (!first || !last || !log || !step) return std::nullopt;
  const double values =
      std::floor((static_cast<double>(*last) - static_cast<double>(*first)) / static_cast<double>(*step)) + 1;
  if (form.needs_grid && values > static_cast<double>(longest_integer_grid)) {
    form.error(
        "", form.node, "out_of_range",
        fmt::format("has {:.0f} values; a grid visits at most {}: give a larger step, or another strategy",
                    values, longest_integer_grid));
    return std::nullopt;
  }
  return space::Parameter{form.name, space::IntegerRange{*first, *last, *log, *step}};
}

std::optional<space::Parameter> real_range(const Form& form) {
  const Node* low = bound(form, "low", "min");
  const Node* high = bound(form, "high", "max");
  if (low == nullptr || high == nullptr || !in_order(form, *low, *high)) return std::nullopt;
  const auto log = log_scale(form, low->number());
  const auto points = count(form, "points", 1, 0);
  if (!log || !points) return std::nullopt;
  if (*points > longest_integer_grid) {
    form.error("points", form.node, "out_of_range",
               fmt::format("is {}; must be at most {}", *points, longest_integer_grid));
    return std::nullopt;
  }
  if (form.needs_grid && *points == 0) {
    form.error("points", form.node, "missing",
               "is missing; a grid needs the number of values to visit between low and high");
    return std::nullopt;
  }
  space::RealRange range{low->number(), high->number(), *log, std::nullopt};
  if (*points > 0) range.points = static_cast<int>(*points);
  return space::Parameter{form.name, range};
}

void warn_of_unknown_members(const Form& form, std::span<const std::string_view> known) {
  for (const auto& member : form.node.members) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    form.report.warning(form.path + "." + member.key, member.line, "unknown_key",
                        fmt::format("is not known and has no effect; known are {}", fmt::join(known, ", ")));
  }
}

std::optional<space::Parameter> typed_object(const Form& form, const Node& type) {
  constexpr std::array<std::string_view, 3> choice_members = {"type", "values", "choices"};
  constexpr std::array<std::string_view, 7> integer_members = {"type", "low", "high", "min",
                                                               "max",  "log", "step"};
  constexpr std::array<std::string_view, 7> real_members = {"type", "low", "high",  "min",
                                                            "max",  "log", "points"};
  if (type.kind == NodeKind::text && (type.text == "choice" || type.text == "categorical")) {
    warn_of_unknown_members(form, choice_members);
    return choice_object(form);
  }
  if (type.kind == NodeKind::text && type.text == "integer") {
    warn_of_unknown_members(form, integer_members);
    return integer_range(form);
  }
  if (type.kind == NodeKind::text && type.text == "continuous") {
    warn_of_unknown_members(form, real_members);
    return real_range(form);
  }
  form.error("type", type, "not_allowed",
             fmt::format("is {}; must be one of {}", to_message_text(type), fmt::join(type_words, ", ")));
  return std::nullopt;
}

}  // namespace

std::optional<space::Parameter> read_parameter(const std::string& name, const std::string& path,
                                               const Node& node, bool needs_grid, Report& report) {
  const Form form{name, path, node, needs_grid, report};
  if (node.is_null()) {
    report.warning(path, node.line, "empty", "is null; the parameter is left out");
    return std::nullopt;
  }
  if (node.kind == NodeKind::list) return choices(form, node, path);
  if (node.kind != NodeKind::object) {
    auto value = read_value(form, node, path);
    if (!value) return std::nullopt;
    return space::Parameter{name, space::Choices{{std::move(*value)}}};
  }
  if (const Node* type = node.find("type")) return typed_object(form, *type);
  if (node.find("values") != nullptr || node.find("choices") != nullptr) return choice_object(form);
  form.error(
      "type", node, "missing",
      fmt::format("is missing; must be one of {} (or write a list of values)", fmt::join(type_words, ", ")));
  return std::nullopt;
}

}  // namespace autotuner::spec
