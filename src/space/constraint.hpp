#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/point.hpp"

namespace autotuner::space {

/// What counts as a condition in an expression.
enum class Truth {
  boolean,  ///< true and false only; numbers and bools do not mix
  numeric,  ///< any number but 0 is true, and a bool is 1 or 0 in arithmetic and comparisons
};

/// An arithmetic expression over parameters: "tp-size * dp-size".
class Quantity {
 public:
  const std::string& text() const { return text_; }
  /// Nothing where a name is not set or the result is no finite number.
  std::optional<double> at(const Point& point) const;

 private:
  friend class Constraint;
  struct Node;
  std::string text_;
  // Shared, because a parsed expression never changes.
  std::shared_ptr<const Node> root_;
};

/// A condition over parameters that must hold: "tp-size * dp-size <= 8", "kv-cache-dtype != 'fp8' or dtype ==
/// 'auto'". Arithmetic + - * / %, comparisons (also chained: 1 <= x <= 8), and, or, not, parentheses,
/// numbers, quoted text, true, false, null. A hyphen between letters or digits without spaces around it
/// belongs to a name; write subtraction with spaces.
class Constraint {
 public:
  /// Errors: invalid_input with the column of the first thing that can't be read.
  static base::Result<Constraint> parse(std::string_view expression, Truth truth = Truth::boolean);

  const std::string& text() const { return text_; }
  /// Whether the point may run. A name that the point does not have, or has as null, leaves the comparison it
  /// stands in undecided, also below `not`, and what is undecided holds: a constraint only speaks of
  /// parameters that are set. Comparing with a written `null` asks whether something is set. Errors:
  /// invalid_input for operands of the wrong kind (text * 2, text < 2), division by zero.
  base::Result<bool> holds(const Point& point) const;
  /// Every name the expression mentions.
  std::vector<std::string> names() const;
  /// The same condition with the names of `facts` replaced by their values.
  Constraint with(const Point& facts) const;
  /// The arithmetic parts that combine parameters, outermost first, each once: of
  /// "a * b + 2 <= 8 and c % 32 == 0", these are "a * b" and "c % 32". What a constraint reckons with tends
  /// to be what the engine's behaviour depends on.
  std::vector<Quantity> quantities() const;

  bool operator==(const Constraint& other) const { return text_ == other.text_; }

 private:
  struct Node;
  std::string text_;
  Truth truth_ = Truth::boolean;
  // Shared, because a parsed expression never changes and constraints are copied with the task they belong
  // to.
  std::shared_ptr<const Node> root_;
};

}  // namespace autotuner::space
