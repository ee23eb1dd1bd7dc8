#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/constraint.hpp"
#include "space/point.hpp"
#include "space/value.hpp"

/// The expressions of constraints: text -> tokens -> tree -> value. Internal to the space module.
namespace autotuner::space::expression {

enum class TokenKind { end, literal, name, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  ///< as written; of a name, the name; keywords and operators are symbols
  Value value;       ///< of a literal
  std::size_t column = 1;
};

/// Always ends with an `end` token. Errors: invalid_input "column n: ...".
base::Result<std::vector<Token>> tokenize(std::string_view text);

enum class Operator {
  literal,
  name,
  negate,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  all,
  any,
  negation
};

/// A chain "a < b <= c" is the `all` of its comparisons.
struct Node {
  Operator op = Operator::literal;
  std::size_t column = 1;
  std::string name;  ///< of a name
  Value value;       ///< of a literal
  std::vector<Node> operands;
};

/// A condition. Errors: invalid_input "column n: ...".
base::Result<Node> parse(std::string_view text, Truth truth = Truth::boolean);

/// null = unknown, because a name that matters is not set. Errors: invalid_input for operands of the wrong
/// kind.
base::Result<Value> evaluate(const Node& node, const Point& point, Truth truth = Truth::boolean);

/// The expression written out again, with parentheses around every operation inside another one.
std::string to_text(const Node& node);

}  // namespace autotuner::space::expression
