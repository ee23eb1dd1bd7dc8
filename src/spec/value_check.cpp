#include "spec/value_check.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"

namespace autotuner::spec {
namespace {

std::string one_of(std::span<const std::string_view> words) {
  return fmt::format("must be one of {}", fmt::join(words, ", "));
}

/// The values of one report.
class ValueCheck {
 public:
  explicit ValueCheck(Report& report) : report_(report) {}

  std::optional<Node> check(const Field& field, const Node& node, const std::string& path) {
    switch (field.type) {
      case FieldType::text:
        return text(field, node, path);
      case FieldType::integer:
        return integer(field, node, path);
      case FieldType::number:
        return number(field, node, path);
      case FieldType::boolean:
        if (node.kind == NodeKind::boolean) return node;
        return wrong_type(field, node, path);
      case FieldType::object:
        if (node.kind == NodeKind::object) return node;
        return wrong_type(field, node, path);
      case FieldType::boolean_or_object:
        if (node.kind == NodeKind::boolean || node.kind == NodeKind::object) return node;
        return wrong_type(field, node, path);
      case FieldType::list:
        if (node.kind == NodeKind::list) return node;
        return wrong_type(field, node, path);
      case FieldType::text_list:
      case FieldType::integer_list:
      case FieldType::number_list:
      case FieldType::scalar_or_list:
        return list(field, node, path);
      case FieldType::integer_or_text:
        return node.kind == NodeKind::text ? text(field, node, path) : integer(field, node, path);
    }
    return std::nullopt;
  }

 private:
  std::nullopt_t wrong_type(const Field& field, const Node& node, const std::string& path) {
    std::string hint;
    const bool is_numeric = field.type == FieldType::integer || field.type == FieldType::number ||
                            field.type == FieldType::integer_list;
    if (node.kind == NodeKind::text && is_numeric && base::to_number(node.text))
      hint = "; write it without quotes";
    report_.error(path, node.line, "type",
                  fmt::format("is {}; {}{}", to_message_text(node), wanted(field), hint));
    return std::nullopt;
  }

  std::optional<Node> text(const Field& field, const Node& node, const std::string& path) {
    if (node.is_null() || node.kind == NodeKind::list || node.kind == NodeKind::object)
      return wrong_type(field, node, path);
    if (node.kind == NodeKind::text && node.text.find('\0') != std::string::npos) {
      report_.error(path, node.line, "type", "holds a NUL character");
      return std::nullopt;
    }
    Node result = text_node(node.text, node.line);
    if (node.kind != NodeKind::text) {
      if (!field.allowed.empty()) return wrong_type(field, node, path);
      report_.warning(
          path, node.line, "type",
          fmt::format("is {}, read as the text \"{}\"; put it in quotes", to_text(node.kind), node.text));
    }
    if (field.mark == Mark::required && base::trim(result.text).empty()) {
      report_.error(path, node.line, "missing", "is empty; must be text");
      return std::nullopt;
    }
    if (!word(field, result, path)) return std::nullopt;
    return result;
  }

  /// Replaces an alias by its word.
  bool word(const Field& field, Node& node, const std::string& path) {
    if (field.allowed.empty()) return true;
    if (const KnownWord* known = find_word(field.path, node.text)) {
      if (known->is_alias) {
        node.text = std::string(known->instead);
        return true;
      }
      report_.error(path, node.line, "not_available",
                    fmt::format("is \"{}\", which is not available; {}", node.text, known->instead));
      return false;
    }
    if (std::ranges::find(field.allowed, node.text) != field.allowed.end()) return true;
    const auto near = base::nearest(node.text, field.allowed);
    const std::string hint = near ? fmt::format("; did you mean {}?", *near) : "";
    report_.error(path, node.line, "not_allowed",
                  fmt::format("is {}; {}{}", to_message_text(node), wanted(field), hint));
    return false;
  }

  bool in_bounds(const Field& field, const Node& node, const std::string& path) {
    const double value = node.number();
    const auto& bounds = field.bounds;
    const bool low = !bounds.low || (bounds.above_low ? value > *bounds.low : value >= *bounds.low);
    if (low && (!bounds.high || value <= *bounds.high)) return true;
    report_.error(path, node.line, "out_of_range",
                  fmt::format("is {}; must be {}", to_message_text(node), to_text(bounds)));
    return false;
  }

  bool within_reason(const Node& node, const std::string& path) {
    constexpr double most =
        2e9;  // seconds, requests, tokens: a larger one is a slip, and would overflow later
    if (node.number() <= most) return true;
    report_.error(path, node.line, "out_of_range",
                  fmt::format("is {}; must be at most {:.0f}", to_message_text(node), most));
    return false;
  }

  std::optional<Node> integer(const Field& field, const Node& node, const std::string& path) {
    constexpr double exact = 9007199254740992.0;  // 2^53, from where on not every whole number has a double
    Node result = node;
    if (node.kind == NodeKind::real && std::trunc(node.real) == node.real && std::abs(node.real) < exact) {
      result = integer_node(static_cast<std::int64_t>(node.real), node.line);
    }
    if (result.kind != NodeKind::integer) return wrong_type(field, node, path);
    if (!in_bounds(field, result, path)) return std::nullopt;
    // seeds use all 64 bits; everything else counts something
    if (!path.ends_with("seed") && !within_reason(result, path)) return std::nullopt;
    return result;
  }

  std::optional<Node> number(const Field& field, const Node& node, const std::string& path) {
    if (!node.is_number()) return wrong_type(field, node, path);
    if (!in_bounds(field, node, path) || !within_reason(node, path)) return std::nullopt;
    return node;
  }

  std::optional<Node> list(const Field& field, const Node& node, const std::string& path) {
    if (node.kind == NodeKind::object) return wrong_type(field, node, path);
    Node result = node;
    if (node.kind != NodeKind::list) {
      result = Node{};
      result.kind = NodeKind::list;
      result.line = node.line;
      result.items = {node};
    }
    std::vector<Node> items;
    bool good = true;
    for (std::size_t i = 0; i < result.items.size(); ++i) {
      const std::string where = node.kind == NodeKind::list ? fmt::format("{}[{}]", path, i) : path;
      auto item = element(field, result.items[i], where);
      good = good && item.has_value();
      if (item) items.push_back(std::move(*item));
    }
    if (!good) return std::nullopt;
    result.items = std::move(items);
    return result;
  }

  std::optional<Node> element(const Field& field, const Node& node, const std::string& path) {
    switch (field.type) {
      case FieldType::text_list:
        return unbroken(field, node, path) ? text(field, node, path) : std::nullopt;
      case FieldType::integer_list:
        return integer(field, node, path);
      case FieldType::number_list:
        return number(field, node, path);
      default:
        break;
    }
    if (node.kind == NodeKind::list || node.kind == NodeKind::object) {
      report_.error(path, node.line, "type", fmt::format("is {}; must be one value", to_message_text(node)));
      return std::nullopt;
    }
    Node value = node;
    if (!field.allowed.empty()) {
      value.kind = NodeKind::text;
      if (!word(field, value, path)) return std::nullopt;
    }
    return value;
  }

  /// A scenario in an unquoted YAML list in brackets falls apart at its comma.
  bool unbroken(const Field& field, const Node& node, const std::string& path) {
    if (field.path != "benchmark.traffic_scenarios" || node.kind != NodeKind::text) return true;
    const auto open = std::ranges::count(node.text, '(');
    const auto close = std::ranges::count(node.text, ')');
    if (open == close) return true;
    report_.error(
        path, node.line, "split_scenario",
        fmt::format(
            "is \"{}\", half a scenario: the list was split at the comma inside the parentheses; put the "
            "scenario in quotes, [\"D(100,100)\"], or give each one a line of its own",
            node.text));
    return false;
  }

  Report& report_;
};

}  // namespace

std::string wanted(const Field& field) {
  if (!field.allowed.empty() && field.type == FieldType::text) return one_of(field.allowed);
  switch (field.type) {
    case FieldType::text:
      return "must be text";
    case FieldType::integer:
      return "must be a whole number";
    case FieldType::number:
      return "must be a number";
    case FieldType::boolean:
      return "must be true or false";
    case FieldType::object:
      return "must be an object";
    case FieldType::boolean_or_object:
      return "must be true, false or an object";
    case FieldType::list:
      return "must be a list";
    case FieldType::text_list:
      return "must be a list of text";
    case FieldType::integer_list:
      return "must be a list of whole numbers";
    case FieldType::number_list:
      return "must be a list of numbers";
    case FieldType::integer_or_text:
      return fmt::format("must be a whole number or one of {}", fmt::join(field.allowed, ", "));
    case FieldType::scalar_or_list:
      return "must be one value or a list of values";
  }
  return "";
}

std::optional<Node> check_value(const Field& field, const Node& node, const std::string& path,
                                Report& report) {
  return ValueCheck(report).check(field, node, path);
}

}  // namespace autotuner::spec
