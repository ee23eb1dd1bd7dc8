#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "space/expression.hpp"

namespace autotuner::space::expression {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

constexpr std::array<std::string_view, 13> symbols{"==", "!=", "<=", ">=", "<", ">", "(",
                                                   ")",  "+",  "-",  "*",  "/", "%"};
constexpr std::array<std::string_view, 3> word_operators{"and", "or", "not"};
/// What other languages write, and what is written here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> foreign{
    {{"&&", "and"}, {"||", "or"}, {"!", "not"}, {"=", "=="}, {"&", "and"}}};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  base::Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
        ++at_;
      auto token = next();
      if (!token) return tl::unexpected(token.error());
      tokens.push_back(std::move(*token));
      if (tokens.back().kind == TokenKind::end) return tokens;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token token_until(std::size_t end, TokenKind kind, Value value = {}) {
    Token token{kind, std::string(text_.substr(at_, end - at_)), std::move(value), at_ + 1};
    at_ = end;
    return token;
  }

  base::Result<Token> next() {
    if (at_ >= text_.size()) return Token{TokenKind::end, "", {}, text_.size() + 1};
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '\'' || c == '"') return quoted();
    if (starts_name(c) || (c == '-' && peek(1) == '-' && starts_name(peek(2)))) return word();
    for (const auto symbol : symbols) {
      if (text_.substr(at_).starts_with(symbol)) return token_until(at_ + symbol.size(), TokenKind::symbol);
    }
    for (const auto& [theirs, ours] : foreign) {
      if (text_.substr(at_).starts_with(theirs)) {
        return base::invalid_input("column {}: write \"{}\" instead of \"{}\"", at_ + 1, ours, theirs);
      }
    }
    return base::invalid_input("column {}: unexpected character {}", at_ + 1, shown(c));
  }

  static std::string shown(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f ? fmt::format(R"("{}")", c) : fmt::format("0x{:02x}", byte);
  }

  /// The end of the letters, digits, dots and hyphens from `end` on that hang together as one word.
  std::size_t word_end(std::size_t end) const {
    while (end < text_.size()) {
      const bool joins = (text_[end] == '-' || text_[end] == '.') && end + 1 < text_.size() &&
                         continues_name(text_[end + 1]);
      if (!joins && !continues_name(text_[end])) break;
      ++end;
    }
    return end;
  }

  base::Result<Token> number() {
    double real = 0;
    const char* begin = text_.data() + at_;
    const char* stop = std::from_chars(begin, text_.data() + text_.size(), real).ptr;
    const auto end = at_ + static_cast<std::size_t>(stop - begin);
    const auto whole = word_end(end);
    if (whole != end) {
      return base::invalid_input(
          "column {}: \"{}\" is neither a number nor a name; write subtraction with spaces around the hyphen",
          at_ + 1, text_.substr(at_, whole - at_));
    }
    std::int64_t integer = 0;
    const auto parsed = std::from_chars(begin, stop, integer);
    const bool is_integer = parsed.ec == std::errc{} && parsed.ptr == stop;
    return token_until(end, TokenKind::literal, is_integer ? Value(integer) : Value(real));
  }

  base::Result<Token> quoted() {
    const char quote = peek();
    std::string content;
    for (auto end = at_ + 1; end < text_.size(); ++end) {
      if (text_[end] == quote) return token_until(end + 1, TokenKind::literal, Value(std::move(content)));
      if (text_[end] == '\\' && end + 1 < text_.size()) ++end;
      content += text_[end];
    }
    return base::invalid_input("column {}: the text that starts here has no closing {}", at_ + 1, quote);
  }

  Token word() {
    const auto end = word_end(peek() == '-' ? at_ + 2 : at_);
    const auto text = text_.substr(at_, end - at_);
    if (text == "true" || text == "false") return token_until(end, TokenKind::literal, Value(text == "true"));
    if (text == "null") return token_until(end, TokenKind::literal);
    const bool is_operator = std::ranges::find(word_operators, text) != word_operators.end();
    return token_until(end, is_operator ? TokenKind::symbol : TokenKind::name);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<std::vector<Token>> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace autotuner::space::expression
