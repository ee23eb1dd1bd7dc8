#include "traffic/level_plan.hpp"

#include <utility>

namespace autotuner::traffic {

StopRule stop_after(Nanoseconds max_time) {
  return [max_time](const LiveView& view) -> std::optional<std::string> {
    if (view.elapsed < max_time) return std::nullopt;
    return "max_time";
  };
}

StopRule stop_at(base::SteadyTime deadline) {
  return [deadline](const LiveView&) -> std::optional<std::string> {
    if (std::chrono::steady_clock::now() < deadline) return std::nullopt;
    return "deadline";
  };
}

StopRule stop_when_dead(std::function<bool()> is_dead) {
  return [is_dead = std::move(is_dead),
          next_look = Nanoseconds(0)](const LiveView& view) mutable -> std::optional<std::string> {
    if (view.elapsed < next_look) return std::nullopt;
    next_look = view.elapsed + std::chrono::seconds(1);
    if (!is_dead()) return std::nullopt;
    return "engine_died";
  };
}

}  // namespace autotuner::traffic
