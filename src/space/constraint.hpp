#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "space/point.hpp"

namespace autotuner::space {

/// A condition over parameters that must hold: "tp-size * dp-size <= 8", "kv-cache-dtype != 'fp8' or dtype ==
/// 'auto'". Arithmetic + - * / %, comparisons (also chained: 1 <= x <= 8), and, or, not, parentheses,
/// numbers, quoted text, true, false, null. A hyphen between letters or digits without spaces around it
/// belongs to a name; write subtraction with spaces.
class Constraint {
 public:
  /// Errors: invalid_input with the column of the first thing that can't be read.
  static base::Result<Constraint> parse(std::string_view expression);

  const std::string& text() const { return text_; }
  /// Whether the point may run. A name that the point does not have, or has as null, leaves the comparison it
  /// stands in undecided, also below `not`, and what is undecided holds: a constraint only speaks of
  /// parameters that are set. Comparing with a written `null` asks whether something is set. Errors:
  /// invalid_input for operands of the wrong kind (text * 2, text < 2), division by zero.
  base::Result<bool> holds(const Point& point) const;
  /// Every name the expression mentions.
  std::vector<std::string> names() const;

  bool operator==(const Constraint& other) const { return text_ == other.text_; }

 private:
  struct Node;
  std::string text_;
  // Shared, because a parsed expression never changes and constraints are copied with the task they belong
  // to.
  std::shared_ptr<const Node> root_;
};

}  // namespace autotuner::space
