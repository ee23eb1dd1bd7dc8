#include "load/plan.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace autotuner::load {

std::string to_text(const Level& level) {
  if (level.request_rate) return fmt::format("{:g} requests/s", *level.request_rate);
  return fmt::format("concurrency {}", level.concurrency);
}

std::optional<int> longest_context(const Workload& workload) {
  std::optional<int> longest;
  for (const auto& scenario : workload.scenarios) {
    const auto lengths = scenario.longest();
    if (lengths.input == 0) return std::nullopt;
    longest = std::max(longest.value_or(0), lengths.input + lengths.output);
  }
  return longest;
}

Workload shortened(Workload workload, double share) {
  int users = 1;
  for (const auto& level : workload.levels) users = std::max(users, level.concurrency);
  const int part = static_cast<int>(std::ceil(share * workload.max_requests));
  workload.max_time *= share;
  workload.max_requests = std::min(workload.max_requests, std::max(part, 2 * users));
  return workload;
}

std::chrono::duration<double> longest_duration(const Workload& workload) {
  return workload.max_time * static_cast<double>(workload.levels.size() * workload.scenarios.size()) *
         workload.repeat;
}

}  // namespace autotuner::load
