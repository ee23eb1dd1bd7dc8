#pragma once

#include <map>

#include "search/strategy.hpp"

namespace autotuner::search {

/// The `history` of a state document; trials_from_state reads it back.
base::Json history_of(const std::map<int, Trial>& trials);

}  // namespace autotuner::search
