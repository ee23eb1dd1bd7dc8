#include "space/value.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::space {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

/// 2^63, the first double above the 64-bit integers.
constexpr double integer_end = 9223372036854775808.0;

std::optional<std::int64_t> integral(double value) {
  if (!(value >= -integer_end && value < integer_end) || std::trunc(value) != value) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<bool> Value::as_bool() const {
  if (const auto* value = std::get_if<bool>(&value_)) return *value;
  return std::nullopt;
}

std::optional<double> Value::as_number() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  return std::nullopt;
}

std::optional<std::int64_t> Value::as_integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
  if (const auto* value = std::get_if<double>(&value_)) return integral(*value);
  return std::nullopt;
}

std::optional<std::string> Value::as_text() const {
  if (const auto* value = std::get_if<std::string>(&value_)) return *value;
  return std::nullopt;
}

bool operator==(const Value& a, const Value& b) {
  const auto x = a.as_number();
  const auto y = b.as_number();
  if (x.has_value() != y.has_value()) return false;
  if (!x) return a.value_ == b.value_;
  // Through the integers, because a double can't tell 2^53 from 2^53 + 1.
  const auto i = a.as_integer();
  const auto j = b.as_integer();
  if (i || j) return i == j;
  return *x == *y || (std::isnan(*x) && std::isnan(*y));
}

std::string to_text(const Value& value) {
  return std::visit(
      Overloaded{[](std::monostate) { return std::string("null"); },
                 [](bool v) { return std::string(v ? "true" : "false"); },
                 [](std::int64_t v) { return std::to_string(v); },
                 [](double v) { return base::to_shortest_text(v); }, [](const std::string& v) { return v; },
                 [](const JsonValue& v) { return v.canonical; }},
      value.variant());
}

std::string identity(const Value& value) {
  if (const auto integer = value.as_integer()) return "i" + std::to_string(*integer);
  constexpr std::string_view kinds = "nbirsj";
  std::string text = to_text(value);
  text.insert(text.begin(), kinds[value.variant().index()]);
  return text;
}

base::Json to_json(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return base::Json(nullptr); },
                               [](const JsonValue& v) {
                                 const auto parsed = base::parse_json(v.canonical);
                                 return parsed ? *parsed : base::Json(v.canonical);
                               },
                               [](double v) { return base::number_or_null(v); },
                               [](const auto& v) { return base::Json(v); }},
                    value.variant());
}

base::Result<Value> value_from_json(const base::Json& json) {
  using Type = base::Json::value_t;
  switch (json.type()) {
    case Type::null:
      return Value();
    case Type::boolean:
      return Value(json.get<bool>());
    case Type::number_integer:
      return Value(json.get<std::int64_t>());
    case Type::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return base::invalid_input("{} is too large for a 64-bit integer; at most {}", number,
                                   std::numeric_limits<std::int64_t>::max());
      }
      return Value(static_cast<std::int64_t>(number));
    }
    case Type::number_float: {
      const auto number = json.get<double>();
      if (!std::isfinite(number)) return base::invalid_input("{} is not a finite number", number);
      return Value(number);
    }
    case Type::string:
      return Value(json.get<std::string>());
    case Type::array:
    case Type::object: {
      // The plain json type sorts its keys, which makes the text canonical.
      const nlohmann::json sorted(json);
      return Value(JsonValue{sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
    }
    case Type::binary:
    case Type::discarded:
      break;
  }
  return base::invalid_input("binary data is no parameter value");
}

}  // namespace autotuner::space
