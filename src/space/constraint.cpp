#include "space/constraint.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "space/expression.hpp"

namespace autotuner::space {

struct Constraint::Node {
  expression::Node root;
};

namespace {

void collect(const expression::Node& node, std::vector<std::string>& names) {
  const bool is_new = std::ranges::find(names, node.name) == names.end();
  if (node.op == expression::Operator::name && is_new) names.push_back(node.name);
  for (const auto& operand : node.operands) collect(operand, names);
}

}  // namespace

base::Result<Constraint> Constraint::parse(std::string_view expression) {
  if (base::trim(expression).empty()) return base::invalid_input("constraint is empty");
  auto root = expression::parse(expression);
  if (!root)
    return base::invalid_input("constraint \"{}\", {}", expression.substr(0, 200), root.error().message);
  Constraint constraint;
  constraint.text_ = std::string(expression);
  constraint.root_ = std::make_shared<const Node>(Node{std::move(*root)});
  return constraint;
}

base::Result<bool> Constraint::holds(const Point& point) const {
  if (root_ == nullptr) return true;
  const auto value = expression::evaluate(root_->root, point);
  if (!value) return base::invalid_input("constraint \"{}\", {}", text_, value.error().message);
  if (value->is_null()) return true;
  if (const auto answer = value->as_bool()) return *answer;
  return base::invalid_input("constraint \"{}\": {} is neither true nor false", text_, to_text(*value));
}

std::vector<std::string> Constraint::names() const {
  std::vector<std::string> names;
  if (root_ != nullptr) collect(root_->root, names);
  return names;
}

}  // namespace autotuner::space
