#pragma once

#include <span>
#include <vector>

#include "base/random.hpp"
#include "search/region.hpp"

namespace autotuner::search {

/// Free points near the given ones: one to three coordinates changed, numbers by a small step along their axis,
/// categories to another one. A few hundred; each once.
std::vector<space::Candidate> neighbours(const Region& region, std::span<const space::Point> origins,
                                         base::Random& random);

}  // namespace autotuner::search
