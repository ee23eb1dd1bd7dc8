#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "spec/document.hpp"

namespace autotuner::spec {
namespace {

constexpr int deepest = 100;

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// RFC 8259, with line numbers and repeated keys noticed, which is what a general parser doesn't tell.
class JsonReader {
 public:
  JsonReader(std::string_view text, Report& report) : text_(text), report_(report) {}

  std::optional<Node> document() {
    auto root = value("", 0);
    skip_space();
    if (root && at_ < text_.size()) {
      fail("has text behind the end of the document");
      return std::nullopt;
    }
    return failed_ ? std::nullopt : std::move(root);
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }

  void skip_space() {
    while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) {
      if (peek() == '\n') ++line_;
      ++at_;
    }
  }

  void fail(std::string reason) {
    // one syntax error is enough: what follows it is guesswork
    if (!failed_) report_.error("", line_, "syntax", "not valid JSON: " + std::move(reason));
    failed_ = true;
  }

  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string unexpected(std::string_view wanted) const {
    if (done()) return fmt::format("ends where {} should stand", wanted);
    if (peek() == '/' || peek() == '#') return "has a comment; JSON has none (YAML has)";
    const auto length = static_cast<unsigned char>(peek()) < 0x80 ? std::size_t{1} : text_.substr(at_).size();
    return length == 1 ? fmt::format("has '{}' where {} should stand", peek(), wanted)
                       : fmt::format("has something else where {} should stand", wanted);
  }

  std::optional<Node> value(const std::string& path, int depth) {
    skip_space();
    if (depth > deepest) {
      fail(fmt::format("is nested deeper than {} levels", deepest));
      return std::nullopt;
    }
    Node node;
    node.line = line_;
    switch (peek()) {
      case '{':
        return object(std::move(node), path, depth);
      case '[':
        return list(std::move(node), path, depth);
      case '"': {
        auto text = string();
        if (!text) return std::nullopt;
        return text_node(std::move(*text), node.line);
      }
      default:
        return scalar(std::move(node));
    }
  }

  std::optional<Node> scalar(Node node) {
    constexpr std::array<std::string_view, 4> not_numbers = {"NaN", "Infinity", "-Infinity", "+Infinity"};
    for (const auto word : not_numbers) {
      if (text_.substr(at_).starts_with(word)) {
        fail(fmt::format("{} is not allowed in a task document", word));
        return std::nullopt;
      }
    }
    if (take("true") || take("false")) {
      node.kind = NodeKind::boolean;
      node.boolean = text_[at_ - 2] == 'u';
      node.text = node.boolean ? "true" : "false";
      return node;
    }
    if (take("null")) return node;
    return number(std::move(node));
  }

  std::size_t digits() {
    const auto start = at_;
    while (!done() && peek() >= '0' && peek() <= '9') ++at_;
    return at_ - start;
  }

  std::optional<Node> number(Node node) {
    const auto start = at_;
    if (peek() == '-') ++at_;
    const bool leading_zero = peek() == '0';
    const auto whole = digits();
    if (whole == 0) {
      fail(unexpected("a value"));
      return std::nullopt;
    }
    bool real = false;
    bool good = !leading_zero || whole == 1;
    if (peek() == '.') {
      real = true;
      ++at_;
      good = digits() > 0 && good;
    }
    if (peek() == 'e' || peek() == 'E') {
      real = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      good = digits() > 0 && good;
    }
    node.text = std::string(text_.substr(start, at_ - start));
    if (!good) {
      fail(fmt::format("'{}' is not a number", node.text));
      return std::nullopt;
    }
    const char* const first = node.text.data();
    const char* const last = first + node.text.size();
    node.kind = real ? NodeKind::real : NodeKind::integer;
    const auto error =
        real ? std::from_chars(first, last, node.real).ec : std::from_chars(first, last, node.integer).ec;
    if (error == std::errc{} && std::isfinite(node.real)) return node;
    fail(fmt::format("{} is outside the range of numbers", node.text));
    return std::nullopt;
  }

  std::optional<unsigned> hex4() {
    unsigned code = 0;
    if (at_ + 4 > text_.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, code, 16);
    if (error != std::errc{} || end != text_.data() + at_ + 4) return std::nullopt;
    at_ += 4;
    return code;
  }

  bool escape(std::string& out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    ++at_;
    if (const auto known = names.find(c); known != std::string_view::npos) {
      out.push_back(meanings[known]);
      return true;
    }
    if (c != 'u') return false;
    auto code = hex4();
    if (!code) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (!take("\\u")) return false;
      const auto low = hex4();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10U) + (*low - 0xDC00);
    } else if (*code >= 0xDC00 && *code <= 0xDFFF) {
      return false;
    }
    append_utf8(out, *code);
    return true;
  }

  std::optional<std::string> string() {
    std::string out;
    ++at_;
    while (!done() && peek() != '"') {
      if (peek() == '\n' || peek() == '\t' || peek() == '\r') {
        fail("has a line break or tab inside quotes; write \\n or \\t");
        return std::nullopt;
      }
      if (peek() != '\\') {
        out.push_back(peek());
        ++at_;
        continue;
      }
      ++at_;
      if (done() || !escape(out)) {
        fail("has an unknown escape inside quotes");
        return std::nullopt;
      }
    }
    if (done()) {
      fail("ends inside quotes");
      return std::nullopt;
    }
    ++at_;
    return out;
  }

  std::optional<Node> list(Node node, const std::string& path, int depth) {
    node.kind = NodeKind::list;
    ++at_;
    skip_space();
    if (take("]")) return node;
    while (true) {
      auto item = value(fmt::format("{}[{}]", path, node.items.size()), depth + 1);
      if (!item) return std::nullopt;
      node.items.push_back(std::move(*item));
      skip_space();
      if (take("]")) return node;
      if (!take(",")) {
        fail(unexpected("',' or ']'"));
        return std::nullopt;
      }
      if (trailing(']')) return std::nullopt;
    }
  }

  bool trailing(char close) {
    skip_space();
    if (peek() != close) return false;
    fail(fmt::format("has a comma before '{}'", close));
    return true;
  }

  std::optional<Node> object(Node node, const std::string& path, int depth) {
    node.kind = NodeKind::object;
    ++at_;
    skip_space();
    if (take("}")) return node;
    while (true) {
      if (!member(node, path, depth)) return std::nullopt;
      skip_space();
      if (take("}")) return node;
      if (!take(",")) {
        fail(unexpected("',' or '}'"));
        return std::nullopt;
      }
      if (trailing('}')) return std::nullopt;
    }
  }

  bool member(Node& node, const std::string& path, int depth) {
    skip_space();
    const int line = line_;
    if (peek() != '"') {
      fail(unexpected("a key in quotes"));
      return false;
    }
    auto key = string();
    if (!key) return false;
    skip_space();
    if (!take(":")) {
      fail(unexpected("':'"));
      return false;
    }
    const std::string member_path = path.empty() ? *key : path + "." + *key;
    auto item = value(member_path, depth + 1);
    if (!item) return false;
    if (node.find(*key) != nullptr)
      report_.warning(member_path, line, "duplicate_key", "is given twice; the last one counts");
    node.set(std::move(*key), std::move(*item));
    return true;
  }

  std::string_view text_;
  Report& report_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool failed_ = false;
};

}  // namespace

std::optional<Node> parse_json_document(std::string_view text, Report& report) {
  return JsonReader(text, report).document();
}

}  // namespace autotuner::spec
