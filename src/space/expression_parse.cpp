#include <array>
#include <optional>
#include <utility>

#include "space/expression.hpp"

namespace autotuner::space::expression {
namespace {

/// Bounds that keep the recursion of parsing, evaluating and destroying shallow whatever the input.
constexpr std::size_t max_length = 2000;
constexpr int max_nesting = 50;

struct Spelling {
  std::string_view text;
  Operator op;
};
constexpr std::array<Spelling, 6> comparisons{{{"==", Operator::equal},
                                               {"!=", Operator::unequal},
                                               {"<", Operator::less},
                                               {"<=", Operator::less_equal},
                                               {">", Operator::greater},
                                               {">=", Operator::greater_equal}}};
constexpr std::array<Spelling, 2> sums{{{"+", Operator::add}, {"-", Operator::subtract}}};
constexpr std::array<Spelling, 3> products{
    {{"*", Operator::multiply}, {"/", Operator::divide}, {"%", Operator::modulo}}};

bool is_null(const Node& node) {
  return node.op == Operator::literal && node.value.is_null();
}

bool can_be_condition(const Node& node) {
  switch (node.op) {
    case Operator::literal:
      return node.value.as_bool().has_value();
    case Operator::negate:
    case Operator::add:
    case Operator::subtract:
    case Operator::multiply:
    case Operator::divide:
    case Operator::modulo:
      return false;
    case Operator::name:
    case Operator::equal:
    case Operator::unequal:
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
    case Operator::all:
    case Operator::any:
    case Operator::negation:
      break;
  }
  return true;
}

/// Recursive descent: or < and < not < comparison < sum < product < sign < value.
class Parser {
 public:
  Parser(std::vector<Token> tokens, Truth truth) : tokens_(std::move(tokens)), truth_(truth) {}

  base::Result<Node> run() {
    auto root = condition(any());
    if (root && token().kind != TokenKind::end) return unexpected("an operator or the end");
    return root;
  }

 private:
  using Rule = base::Result<Node> (Parser::*)();

  const Token& token() const { return tokens_[at_]; }
  bool at_symbol(std::string_view text) const {
    return token().kind == TokenKind::symbol && token().text == text;
  }

  template <std::size_t n>
  std::optional<Operator> at_one_of(const std::array<Spelling, n>& spellings) const {
    for (const auto& spelling : spellings) {
      if (at_symbol(spelling.text)) return spelling.op;
    }
    return std::nullopt;
  }

  base::Result<Node> condition(base::Result<Node> node) const {
    if (node && truth_ == Truth::boolean && !can_be_condition(*node)) {
      return base::invalid_input(
          "column {}: this is a value, not a condition; compare it with something, as in \"... <= 8\"",
          node->column);
    }
    return node;
  }

  tl::unexpected<base::Error> unexpected(std::string_view wanted) const {
    if (token().kind == TokenKind::end) {
      return base::invalid_input("column {}: expected {}, but the text ends", token().column, wanted);
    }
    return base::invalid_input("column {}: expected {}, found \"{}\"", token().column, wanted, token().text);
  }

  base::Result<Node> any() { return joined("or", Operator::any, &Parser::all); }
  base::Result<Node> all() { return joined("and", Operator::all, &Parser::negation); }

  base::Result<Node> joined(std::string_view word, Operator op, Rule part) {
    auto first = (this->*part)();
    if (!first || !at_symbol(word)) return first;
    Node node{op, first->column, {}, {}, {}};
    while (true) {
      first = condition(std::move(first));
      if (!first) return first;
      node.operands.push_back(std::move(*first));
      if (!at_symbol(word)) return node;
      ++at_;
      first = (this->*part)();
    }
  }

  base::Result<Node> negation() {
    if (!at_symbol("not")) return comparison();
    return nested([this] {
      auto inner = condition(negation());
      return inner ? base::Result<Node>(Node{Operator::negation, inner->column, {}, {}, {std::move(*inner)}})
                   : inner;
    });
  }

  base::Result<Node> comparison() {
    auto left = chain(sums, &Parser::product);
    if (!left || !at_one_of(comparisons)) return left;
    Node node{Operator::all, left->column, {}, {}, {}};
    while (const auto op = at_one_of(comparisons)) {
      const auto column = token().column;
      ++at_;
      auto right = chain(sums, &Parser::product);
      if (!right) return right;
      const bool tests_equality = op == Operator::equal || op == Operator::unequal;
      if (!tests_equality && (is_null(*left) || is_null(*right))) {
        return base::invalid_input("column {}: null can only be compared with == and !=", column);
      }
      node.operands.push_back(Node{*op, column, {}, {}, {std::move(*left), *right}});
      left = std::move(right);
    }
    if (node.operands.size() > 1) return node;
    node.operands.front().column = node.column;
    return std::move(node.operands.front());
  }

  base::Result<Node> product() { return chain(products, &Parser::sign); }

  template <std::size_t n>
  base::Result<Node> chain(const std::array<Spelling, n>& spellings, Rule part) {
    auto left = (this->*part)();
    while (left) {
      const auto op = at_one_of(spellings);
      if (!op) break;
      ++at_;
      auto right = (this->*part)();
      if (!right) return right;
      Node node{*op, left->column, {}, {}, {}};
      node.operands.push_back(std::move(*left));
      node.operands.push_back(std::move(*right));
      left = std::move(node);
    }
    return left;
  }

  base::Result<Node> sign() {
    if (!at_symbol("-")) return value();
    const auto column = token().column;
    return nested([this, column] {
      auto inner = sign();
      return inner ? base::Result<Node>(Node{Operator::negate, column, {}, {}, {std::move(*inner)}}) : inner;
    });
  }

  base::Result<Node> value() {
    if (at_symbol("(")) {
      return nested([this]() -> base::Result<Node> {
        auto inner = any();
        if (inner && !at_symbol(")")) return unexpected("\")\"");
        if (inner) ++at_;
        return inner;
      });
    }
    if (token().kind != TokenKind::name && token().kind != TokenKind::literal) return unexpected("a value");
    const Token& taken = tokens_[at_++];
    if (taken.kind == TokenKind::literal) return Node{Operator::literal, taken.column, {}, taken.value, {}};
    return Node{Operator::name, taken.column, taken.text, {}, {}};
  }

  /// Consumes the token that opens one level and reads the rest by `inner`.
  template <class Inner>
  base::Result<Node> nested(Inner inner) {
    if (++depth_ > max_nesting) {
      return base::invalid_input("column {}: nested too deep; at most {} levels", token().column,
                                 max_nesting);
    }
    ++at_;
    auto node = inner();
    --depth_;
    return node;
  }

  std::vector<Token> tokens_;
  Truth truth_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

base::Result<Node> parse(std::string_view text, Truth truth) {
  if (text.size() > max_length) {
    return base::invalid_input("column {}: {} characters are too many; at most {}", max_length + 1,
                               text.size(), max_length);
  }
  auto tokens = tokenize(text);
  if (!tokens) return tl::unexpected(tokens.error());
  return Parser(std::move(*tokens), truth).run();
}

}  // namespace autotuner::space::expression
