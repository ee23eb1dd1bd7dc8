#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/json.hpp"

namespace autotuner::space {

/// A list or an object as one opaque parameter value, held as canonical (compact, key-sorted) JSON text.
struct JsonValue {
  std::string canonical;
  bool operator==(const JsonValue&) const = default;
};

/// One value of a parameter: null (= leave the engine's default), bool, integer, real, text, opaque JSON.
/// Equality: integers and reals compare by value (1 == 1.0), bool is distinct from numbers.
class Value {
 public:
  using Variant = std::variant<std::monostate, bool, std::int64_t, double, std::string, JsonValue>;

  Value() = default;
  Value(bool v) : value_(v) {}
  Value(int v) : value_(std::int64_t{v}) {}
  Value(std::int64_t v) : value_(v) {}
  Value(double v) : value_(v) {}
  Value(const char* v) : value_(std::string(v)) {}
  Value(std::string v) : value_(std::move(v)) {}
  Value(JsonValue v) : value_(std::move(v)) {}

  const Variant& variant() const { return value_; }
  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  std::optional<bool> as_bool() const;
  /// Integers and reals; nothing for bool and text.
  std::optional<double> as_number() const;
  /// Integers, and reals with an integral value.
  std::optional<std::int64_t> as_integer() const;
  /// Text only.
  std::optional<std::string> as_text() const;

  friend bool operator==(const Value& a, const Value& b);

 private:
  Variant value_;
};

/// How a value is written on a command line or shown: shortest round-trip reals, "true", "null", JSON text.
std::string to_text(const Value& value);

/// A text that is equal exactly for equal values (1 and 1.0 alike, 1 and true not, 1 and "1" not).
std::string identity(const Value& value);

base::Json to_json(const Value& value);
/// Integers outside 64 bits are an error; lists and objects become one opaque value.
base::Result<Value> value_from_json(const base::Json& json);

}  // namespace autotuner::space
