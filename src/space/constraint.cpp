#include "space/constraint.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "space/expression.hpp"

namespace autotuner::space {

struct Constraint::Node {
  expression::Node root;
};

struct Quantity::Node {
  expression::Node root;
};

namespace {

void collect(const expression::Node& node, std::vector<std::string>& names) {
  const bool is_new = std::ranges::find(names, node.name) == names.end();
  if (node.op == expression::Operator::name && is_new) names.push_back(node.name);
  for (const auto& operand : node.operands) collect(operand, names);
}

void bind(expression::Node& node, const Point& facts) {
  if (node.op == expression::Operator::name) {
    if (const auto* value = facts.find(node.name)) {
      node.op = expression::Operator::literal;
      node.value = *value;
    }
  }
  for (auto& operand : node.operands) bind(operand, facts);
}

/// Whether the node makes a new quantity of its operands: what is scaled or shifted by a number is the same
/// quantity in other units.
bool is_quantity(const expression::Node& node) {
  using enum expression::Operator;
  const auto is_number = [](const expression::Node& n) { return n.op == literal; };
  if (node.op == modulo) return !is_number(node.operands.front());
  const bool combines = node.op == add || node.op == subtract || node.op == multiply || node.op == divide;
  return combines && std::ranges::none_of(node.operands, is_number);
}

/// Depth first, so that what contains comes before what is contained.
void collect_arithmetic(const expression::Node& node, std::vector<expression::Node>& found) {
  if (is_quantity(node)) found.push_back(node);
  for (const auto& operand : node.operands) collect_arithmetic(operand, found);
}

}  // namespace

std::optional<double> Quantity::at(const Point& point) const {
  if (root_ == nullptr) return std::nullopt;
  const auto value = expression::evaluate(root_->root, point, Truth::numeric);
  const auto number = value ? value->as_number() : std::nullopt;
  return number && std::isfinite(*number) ? number : std::nullopt;
}

base::Result<Constraint> Constraint::parse(std::string_view expression, Truth truth) {
  if (base::trim(expression).empty()) return base::invalid_input("constraint is empty");
  auto root = expression::parse(expression, truth);
  if (!root)
    return base::invalid_input("constraint \"{}\", {}", expression.substr(0, 200), root.error().message);
  Constraint constraint;
  constraint.text_ = std::string(expression);
  constraint.truth_ = truth;
  constraint.root_ = std::make_shared<const Node>(Node{std::move(*root)});
  return constraint;
}

base::Result<bool> Constraint::holds(const Point& point) const {
  if (root_ == nullptr) return true;
  const auto value = expression::evaluate(root_->root, point, truth_);
  if (!value) return base::invalid_input("constraint \"{}\", {}", text_, value.error().message);
  if (value->is_null()) return true;
  if (const auto answer = value->as_bool()) return *answer;
  if (truth_ == Truth::numeric && value->as_number()) return *value->as_number() != 0;
  return base::invalid_input("constraint \"{}\": {} is neither true nor false", text_, to_text(*value));
}

std::vector<std::string> Constraint::names() const {
  std::vector<std::string> names;
  if (root_ != nullptr) collect(root_->root, names);
  return names;
}

Constraint Constraint::with(const Point& facts) const {
  auto bound = *this;
  if (root_ == nullptr) return bound;
  auto root = root_->root;
  bind(root, facts);
  bound.root_ = std::make_shared<const Node>(Node{std::move(root)});
  return bound;
}

std::vector<Quantity> Constraint::quantities() const {
  std::vector<expression::Node> found;
  if (root_ != nullptr) collect_arithmetic(root_->root, found);
  std::vector<Quantity> quantities;
  for (auto& node : found) {
    Quantity quantity;
    quantity.text_ = expression::to_text(node);
    if (std::ranges::find(quantities, quantity.text_, &Quantity::text) != quantities.end()) continue;
    quantity.root_ = std::make_shared<const Quantity::Node>(Quantity::Node{std::move(node)});
    quantities.push_back(std::move(quantity));
  }
  return quantities;
}

}  // namespace autotuner::space
