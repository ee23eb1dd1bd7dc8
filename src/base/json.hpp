#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

/// Access to JSON documents. Headers see only the forward declaration; .cpp files that touch members include
/// <nlohmann/json.hpp> themselves.
namespace autotuner::base {

/// A JSON document that keeps the order of its keys (order is meaning in task files).
using Json = nlohmann::ordered_json;

/// Strict JSON. Errors: invalid_input with line and column.
Result<Json> parse_json(std::string_view text);

/// Compact text; infinities and NaN become null; invalid UTF-8 is replaced, never thrown.
std::string to_compact_text(const Json& document);

/// Indented by two, for files that people read. Same substitutions.
std::string to_pretty_text(const Json& document);

/// The member as a number, if it is there and is one (not bool).
std::optional<double> number_at(const Json& object, std::string_view key);

/// The member as text, if it is there and is one.
std::optional<std::string> text_at(const Json& object, std::string_view key);

/// A finite number as itself, anything else as null: JSON has no infinity.
Json number_or_null(std::optional<double> value);

}  // namespace autotuner::base
