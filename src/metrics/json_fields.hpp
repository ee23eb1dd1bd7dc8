#pragma once

#include <string_view>

#include "base/json.hpp"

namespace autotuner::metrics {

/// The member as a count; 0 when it is missing, no number or beyond a billion.
int count_at(const base::Json& object, std::string_view key);
/// The member if it is a boolean, else false.
bool flag_at(const base::Json& object, std::string_view key);

}  // namespace autotuner::metrics
