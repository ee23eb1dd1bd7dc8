#include <cmath>
#include <compare>

#include "space/expression.hpp"

namespace autotuner::space::expression {
namespace {

std::string shown(const Value& value) {
  const auto text = value.as_text();
  return text ? '"' + *text + '"' : to_text(value);
}

/// "tp-size is "auto"" for names, the value alone for the rest.
std::string shown(const Node& node, const Value& value) {
  return node.op == Operator::name ? node.name + " is " + shown(value) : shown(value);
}

/// Exact in 64 bits where it can be, in doubles beyond.
Value add(const Value& a, const Value& b) {
  const auto x = a.as_integer();
  const auto y = b.as_integer();
  std::int64_t exact = 0;
  if (x && y && !__builtin_add_overflow(*x, *y, &exact)) return exact;
  return *a.as_number() + *b.as_number();
}

Value negated(const Value& a) {
  std::int64_t exact = 0;
  const auto x = a.as_integer();
  if (x && !__builtin_sub_overflow(std::int64_t{0}, *x, &exact)) return exact;
  return -*a.as_number();
}

Value multiply(const Value& a, const Value& b) {
  const auto x = a.as_integer();
  const auto y = b.as_integer();
  std::int64_t exact = 0;
  if (x && y && !__builtin_mul_overflow(*x, *y, &exact)) return exact;
  return *a.as_number() * *b.as_number();
}

/// The remainder has the sign of the divisor.
Value modulo(const Value& a, const Value& b) {
  const auto x = a.as_integer();
  const auto y = b.as_integer();
  if (x && y) {
    // INT64_MIN % -1 overflows in hardware though the remainder is 0.
    const std::int64_t rest = *y == -1 ? 0 : *x % *y;
    return rest != 0 && (rest < 0) != (*y < 0) ? rest + *y : rest;
  }
  const double divisor = *b.as_number();
  const double rest = std::fmod(*a.as_number(), divisor);
  return rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest;
}

/// Under Truth::numeric a bool counts as 1 or 0.
Value counted(Value value, Truth truth) {
  const auto answer = value.as_bool();
  return truth == Truth::numeric && answer ? Value(*answer ? 1 : 0) : value;
}

base::Result<Value> arithmetic(const Node& node, const Point& point, Truth truth) {
  std::vector<Value> operands;
  bool unset = false;
  for (const auto& operand : node.operands) {
    auto value = evaluate(operand, point, truth);
    if (!value) return value;
    value = counted(std::move(*value), truth);
    if (!value->is_null() && !value->as_number()) {
      return base::invalid_input("column {}: {}; arithmetic needs numbers", operand.column,
                                 shown(operand, *value));
    }
    unset = unset || value->is_null();
    operands.push_back(std::move(*value));
  }
  if (unset) return Value();
  const Value& a = operands.front();
  const Value& b = operands.back();
  const bool divides = node.op == Operator::divide || node.op == Operator::modulo;
  if (divides && *b.as_number() == 0) {
    return base::invalid_input("column {}: division by zero: {}", node.operands.back().column,
                               shown(node.operands.back(), b));
  }
  if (node.op == Operator::negate) return negated(a);
  if (node.op == Operator::add) return add(a, b);
  if (node.op == Operator::subtract) return add(a, negated(b));
  if (node.op == Operator::multiply) return multiply(a, b);
  if (node.op == Operator::divide) return *a.as_number() / *b.as_number();
  return modulo(a, b);
}

bool fulfils(Operator op, std::partial_ordering order) {
  if (op == Operator::less) return order < 0;
  if (op == Operator::less_equal) return order <= 0;
  if (op == Operator::greater) return order > 0;
  return order >= 0;
}

base::Result<Value> comparison(const Node& node, const Point& point, Truth truth) {
  const Node& left = node.operands.front();
  const Node& right = node.operands.back();
  auto a = evaluate(left, point, truth);
  if (!a) return a;
  auto b = evaluate(right, point, truth);
  if (!b) return b;
  a = counted(std::move(*a), truth);
  b = counted(std::move(*b), truth);
  const bool tests_equality = node.op == Operator::equal || node.op == Operator::unequal;
  const auto is_null_literal = [](const Node& n) { return n.op == Operator::literal && n.value.is_null(); };
  // Written out, null asks whether something is set; that has an answer for unset names, too.
  if (is_null_literal(left) || is_null_literal(right))
    return Value((*a == *b) == (node.op == Operator::equal));
  if (a->is_null() || b->is_null()) return Value();
  if (tests_equality) return Value((*a == *b) == (node.op == Operator::equal));
  if (a->as_number() && b->as_number()) {
    const auto i = a->as_integer();
    const auto j = b->as_integer();
    return Value(
        fulfils(node.op, i && j ? std::partial_ordering(*i <=> *j) : *a->as_number() <=> *b->as_number()));
  }
  if (a->as_text() && b->as_text()) return Value(fulfils(node.op, *a->as_text() <=> *b->as_text()));
  return base::invalid_input(
      "column {}: {} can't be ordered against {}; numbers go with numbers, text with text", node.column,
      shown(left, *a), shown(right, *b));
}

/// true, false or unknown.
base::Result<Value> truth_of(const Node& node, const Point& point, Truth truth) {
  auto value = evaluate(node, point, truth);
  if (!value || value->is_null() || value->as_bool()) return value;
  if (truth == Truth::numeric && value->as_number()) return Value(*value->as_number() != 0);
  return base::invalid_input("column {}: {}, which is neither true nor false", node.column,
                             shown(node, *value));
}

/// Kleene's three-valued logic (1952): what is decided without the unknown parts is decided.
base::Result<Value> junction(const Node& node, const Point& point, Truth truth) {
  const bool decisive = node.op == Operator::any;
  bool unknown = false;
  for (const auto& operand : node.operands) {
    auto value = truth_of(operand, point, truth);
    if (!value) return value;
    if (value->as_bool() == decisive) return Value(decisive);
    unknown = unknown || value->is_null();
  }
  return unknown ? Value() : Value(!decisive);
}

}  // namespace

base::Result<Value> evaluate(const Node& node, const Point& point, Truth truth) {
  switch (node.op) {
    case Operator::literal:
      return node.value;
    case Operator::name: {
      const Value* value = point.find(node.name);
      return value != nullptr ? *value : Value();
    }
    case Operator::negate:
    case Operator::add:
    case Operator::subtract:
    case Operator::multiply:
    case Operator::divide:
    case Operator::modulo:
      return arithmetic(node, point, truth);
    case Operator::equal:
    case Operator::unequal:
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      return comparison(node, point, truth);
    case Operator::all:
    case Operator::any:
      return junction(node, point, truth);
    case Operator::negation:
      break;
  }
  auto inner = truth_of(node.operands.front(), point, truth);
  if (inner && inner->as_bool()) return Value(!*inner->as_bool());
  return inner;
}

namespace {

const char* symbol_of(Operator op) {
  switch (op) {
    case Operator::literal:
    case Operator::name:
      return "";
    case Operator::negate:
    case Operator::subtract:
      return "-";
    case Operator::add:
      return "+";
    case Operator::multiply:
      return "*";
    case Operator::divide:
      return "/";
    case Operator::modulo:
      return "%";
    case Operator::equal:
      return "==";
    case Operator::unequal:
      return "!=";
    case Operator::less:
      return "<";
    case Operator::less_equal:
      return "<=";
    case Operator::greater:
      return ">";
    case Operator::greater_equal:
      return ">=";
    case Operator::all:
      return "and";
    case Operator::any:
      return "or";
    case Operator::negation:
      return "not";
  }
  return "";
}

}  // namespace

std::string to_text(const Node& node) {
  if (node.op == Operator::name) return node.name;
  if (node.op == Operator::literal) return shown(node.value);
  std::string text = node.operands.size() == 1 ? std::string(symbol_of(node.op)) + " " : "";
  for (std::size_t i = 0; i < node.operands.size(); ++i) {
    if (i > 0) text += fmt::format(" {} ", symbol_of(node.op));
    const bool nests = !node.operands[i].operands.empty();
    text += nests ? "(" + to_text(node.operands[i]) + ")" : to_text(node.operands[i]);
  }
  return text;
}

}  // namespace autotuner::space::expression
