#pragma once

#include <optional>
#include <string>

#include "engine/resolve.hpp"

namespace autotuner::engine {

/// llama-server spells truth values of flash-attn as words and lists of tensor-split with commas; one
/// spelling makes equal points equal.
void normalise_llamacpp(space::Point& flags);
/// Why llama-server would refuse these flags or serve less than the workload needs. Nothing = fine.
std::optional<std::string> why_llamacpp_invalid(const space::Point& flags, const Setting& setting);

/// Words that the engine is not known to take, as the first such flag's reason. Nothing = none.
std::optional<std::string> unknown_word(const space::Point& flags, RuntimeId runtime);

}  // namespace autotuner::engine
