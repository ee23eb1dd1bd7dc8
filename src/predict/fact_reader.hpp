#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "space/point.hpp"

namespace autotuner::predict {

/// The number if it is one that a size, a count or a rate can have: finite, above 0, at most 1e18.
inline std::optional<double> usable(std::optional<double> number) {
  constexpr double most = 1e18;
  if (!number || !std::isfinite(*number) || *number <= 0 || *number > most) return std::nullopt;
  return number;
}

/// The fact `name` as a usable number.
inline std::optional<double> number_of(const space::Point& facts, std::string_view name) {
  const auto* value = facts.find(name);
  return value == nullptr ? std::nullopt : usable(value->as_number());
}

/// The fact `name` as text, empty when it is none.
inline std::string text_of(const space::Point& facts, std::string_view name) {
  const auto* value = facts.find(name);
  return value == nullptr ? std::string{} : value->as_text().value_or("");
}

/// Bools, and numbers other than 0 as true.
inline bool flag_of(const space::Point& facts, std::string_view name) {
  const auto* value = facts.find(name);
  if (value == nullptr) return false;
  return value->as_bool().value_or(value->as_number().value_or(0) != 0);
}

}  // namespace autotuner::predict
