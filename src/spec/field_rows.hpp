#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "spec/fields.hpp"

namespace autotuner::spec {

/// Of allowed words: no limit.
inline constexpr std::span<const std::string_view> any;

inline constexpr Bounds free_range = {};
inline constexpr Bounds from_0 = {0.0, std::nullopt, false};
inline constexpr Bounds from_1 = {1.0, std::nullopt, false};
inline constexpr Bounds above_0 = {0.0, std::nullopt, true};

/// Rows of the table behind all_fields(): the task with its model, engine and space; the search; the load and
/// its limits.
std::span<const Field> task_rows();
std::span<const Field> search_rows();
std::span<const Field> load_rows();

}  // namespace autotuner::spec
