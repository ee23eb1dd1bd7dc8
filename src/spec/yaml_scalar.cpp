#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "spec/document.hpp"

namespace autotuner::spec {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_any_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  std::string capital(lower);
  capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
  std::string upper(lower);
  std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return text == lower || text == capital || text == upper;
}

std::optional<bool> boolean(std::string_view text) {
  for (const auto word : {"yes", "true", "on"}) {
    if (is_any_case(text, word)) return true;
  }
  for (const auto word : {"no", "false", "off"}) {
    if (is_any_case(text, word)) return false;
  }
  return std::nullopt;
}

bool all(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

struct Whole {
  std::string digits;  ///< without underscores and prefix
  int base = 10;
};

/// The digits of a YAML 1.1 integer without its sign.
std::optional<Whole> whole(std::string_view text) {
  constexpr std::string_view decimal = "0123456789_";
  Whole number;
  std::string_view rest = text;
  if (text.starts_with("0b")) {
    number.base = 2;
    rest = text.substr(2);
    if (!all(rest, "01_")) return std::nullopt;
  } else if (text.starts_with("0x")) {
    number.base = 16;
    rest = text.substr(2);
    if (!all(rest, "0123456789abcdefABCDEF_")) return std::nullopt;
  } else if (text.size() > 1 && text.front() == '0') {
    number.base = 8;
    rest = text.substr(1);
    if (!all(rest, "01234567_")) return std::nullopt;
  } else if (text.empty() || !is_digit(text.front()) || !all(text, decimal)) {
    return std::nullopt;
  }
  std::ranges::copy_if(rest, std::back_inserter(number.digits), [](char c) { return c != '_'; });
  if (number.digits.empty()) return std::nullopt;
  return number;
}

struct Real {
  std::string spelling;    ///< as from_chars reads it
  bool plain_yaml = true;  ///< YAML 1.1 sees a number too
};

/// [digits][.digits][e[sign]digits], with at least a dot or an exponent.
std::optional<Real> real(std::string_view text) {
  Real number;
  std::size_t at = 0;
  const auto digits = [&](bool underscores) {
    const auto start = at;
    while (at < text.size() && (is_digit(text[at]) || (underscores && text[at] == '_' && at > start))) {
      if (text[at] != '_') number.spelling.push_back(text[at]);
      ++at;
    }
    return at > start;
  };
  const bool before = digits(true);
  const bool dot = at < text.size() && text[at] == '.';
  bool after = false;
  if (dot) {
    number.spelling.push_back('.');
    ++at;
    after = digits(true);
  }
  if (!before && !after) return std::nullopt;
  const bool exponent = at < text.size() && (text[at] == 'e' || text[at] == 'E');
  if (exponent) {
    number.spelling.push_back('e');
    ++at;
    const bool sign = at < text.size() && (text[at] == '+' || text[at] == '-');
    if (sign) number.spelling.push_back(text[at++]);
    if (!digits(false)) return std::nullopt;
    number.plain_yaml = dot && sign;
  }
  if (at != text.size() || (!dot && !exponent)) return std::nullopt;
  return number;
}

/// 1:30 or 1:30:15.5, which YAML 1.1 reads as a number to the base of 60.
bool is_base_60(std::string_view text) {
  if (text.empty() || !is_digit(text.front()) || text.find(':') == std::string_view::npos) return false;
  std::size_t field = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t length = 0;
    while (at < text.size() && (is_digit(text[at]) || (field == 0 && text[at] == '_'))) {
      ++at;
      ++length;
    }
    const bool last_dot = at < text.size() && text[at] == '.' && text.find(':', at) == std::string_view::npos;
    if (length == 0 || (field > 0 && length > 2)) return false;
    if (at == text.size()) return field > 0;
    if (last_dot)
      return field > 0 && text.substr(at + 1).find_first_not_of("0123456789_") == std::string_view::npos;
    if (text[at] != ':') return false;
    ++at;
    ++field;
  }
  return false;
}

bool is_not_finite(std::string_view text) {
  return std::ranges::any_of(std::array<std::string_view, 6>{".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"},
                             [&](std::string_view word) { return text == word; });
}

PlainScalar whole_scalar(PlainScalar scalar, const Whole& number, bool negative) {
  const std::string digits = (negative ? "-" : "") + number.digits;
  const char* const last = digits.data() + digits.size();
  scalar.value.kind = NodeKind::integer;
  if (std::from_chars(digits.data(), last, scalar.value.integer, number.base).ec != std::errc{}) {
    scalar.error = fmt::format("{} is outside the range of numbers", scalar.value.text);
  } else if (number.base == 8) {
    scalar.warning =
        fmt::format("{} is read as the octal number {}; write it without the leading 0, or in quotes",
                    scalar.value.text, scalar.value.integer);
  }
  return scalar;
}

PlainScalar real_scalar(PlainScalar scalar, const Real& number, bool negative) {
  const std::string spelling = (negative ? "-" : "") + number.spelling;
  scalar.value.kind = NodeKind::real;
  const auto error =
      std::from_chars(spelling.data(), spelling.data() + spelling.size(), scalar.value.real).ec;
  if (error != std::errc{} || !std::isfinite(scalar.value.real)) {
    scalar.error = fmt::format("{} is outside the range of numbers", scalar.value.text);
  } else if (!number.plain_yaml) {
    scalar.warning = fmt::format(
        "{} is read as a number, which other YAML readers take for text; write it with a dot "
        "and a signed exponent (1.0e-5)",
        scalar.value.text);
  }
  return scalar;
}

}  // namespace

PlainScalar resolve_plain_scalar(std::string_view text, int line) {
  PlainScalar scalar;
  scalar.value = text_node(std::string(text), line);
  if (text.empty() || text == "~" || is_any_case(text, "null")) {
    scalar.value.kind = NodeKind::null;
    return scalar;
  }
  if (const auto truth = boolean(text)) {
    scalar.value.kind = NodeKind::boolean;
    scalar.value.boolean = *truth;
    return scalar;
  }
  const bool sign = text.front() == '-' || text.front() == '+';
  const bool negative = text.front() == '-';
  const auto unsigned_text = text.substr(sign ? 1 : 0);
  if (const auto number = whole(unsigned_text)) return whole_scalar(std::move(scalar), *number, negative);
  if (is_not_finite(unsigned_text)) {
    scalar.error = fmt::format("{} is not allowed in a task document", text);
    return scalar;
  }
  if (const auto number = real(unsigned_text)) return real_scalar(std::move(scalar), *number, negative);
  if (is_base_60(unsigned_text)) {
    scalar.warning = fmt::format(
        "{} is kept as text, which other YAML readers take for a number to the base of 60; "
        "put it in quotes",
        text);
  }
  return scalar;
}

}  // namespace autotuner::spec
