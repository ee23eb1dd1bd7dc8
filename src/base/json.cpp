#include "base/json.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace autotuner::base {
namespace {

/// Infinite and NaN numbers are dumped as null by the library itself; nothing to replace by hand.
std::string dump(const Json& document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const auto end = std::min(error.byte > 0 ? error.byte - 1 : 0, text.size());
    const auto before = text.substr(0, end);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto last_break = before.rfind('\n');
    const auto column = 1 + (last_break == std::string_view::npos ? end : end - last_break - 1);
    std::string reason = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." -> the last part
    if (const auto colon = reason.find(": "); colon != std::string::npos) reason = reason.substr(colon + 2);
    return invalid_input("line {}, column {}: not valid JSON: {}", line, column, reason);
  } catch (const std::exception& error) {
    return invalid_input("not valid JSON: {}", error.what());
  }
}

std::string to_compact_text(const Json& document) {
  return dump(document, -1);
}
std::string to_pretty_text(const Json& document) {
  return dump(document, 2);
}

std::optional<double> number_at(const Json& object, std::string_view key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::optional<std::string> text_at(const Json& object, std::string_view key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

Json number_or_null(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return *value;
}

}  // namespace autotuner::base
