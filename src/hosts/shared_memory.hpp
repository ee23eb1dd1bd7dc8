#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

namespace autotuner::hosts {

/// Files below /dev/shm in the text of a /proc/<pid>/maps, deleted ones left out.
std::set<std::string> shared_memory_in(std::string_view maps);
/// Segments that these processes have mapped.
std::set<std::string> shared_memory_of(std::span<const int> pids);
/// Removes segments of killed processes that nobody else has mapped: they hold memory until somebody does.
/// Returns how many.
int remove_abandoned(const std::set<std::string>& segments);

}  // namespace autotuner::hosts
