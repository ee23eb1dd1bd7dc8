#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "engine/runtime.hpp"

namespace autotuner::engine {

/// What a parameter acts on.
enum class Group { layout, precision, memory, scheduler, kernels, other, client };

std::string_view to_text(Group group);

/// By the engine's own name, also with the prefix of a folded document (__quant__, __parallel__); names that
/// the engine doesn't have, and environment variables, are `other`.
Group group_of(RuntimeId runtime, std::string_view parameter);

/// The order in which early trials explore groups, `other` not among them: each decides what the next can do.
/// A prior, not stages: a search is free to vary everything at any time.
std::span<const Group> exploration_order();
/// Position in that order, 0 first; nothing for `other`.
std::optional<int> exploration_rank(Group group);
/// Why a group stands where it stands; empty for `other`.
std::string_view reason_of(Group group);

}  // namespace autotuner::engine
