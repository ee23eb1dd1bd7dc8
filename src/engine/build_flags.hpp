#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/resolve.hpp"

/// What one build of an engine knows, read from its own --help: names come and go between versions.
namespace autotuner::engine {

/// Every long flag that a help text mentions, without dashes. Any text is fine; none found = empty.
std::set<std::string> flags_in_help(std::string_view help);

/// Flags as this build spells them: llama-server's no-mmap and mlock become load-mode where it has that, and
/// flash-attn becomes a bare switch where it takes no word (`help` decides). Each change is a line of
/// `notes`.
space::Point adapted_to_build(const space::Point& flags, RuntimeId runtime, std::string_view help,
                              std::vector<std::string>& notes);

/// Flags that this build's help does not mention, in order; empty when the help names no flags at all.
std::vector<std::string> unknown_to_build(const space::Point& flags, std::string_view help);

}  // namespace autotuner::engine
