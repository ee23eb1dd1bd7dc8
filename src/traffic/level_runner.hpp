#pragma once

#include <stop_token>

#include "base/result.hpp"
#include "load/record.hpp"
#include "traffic/level_plan.hpp"

namespace autotuner::traffic {

/// Sends one level and returns what happened; blocks until the last counted request ended or a rule or the
/// stop request (within 100 ms) ended the level. Has its own threads while it runs. Connections stand before
/// the clock starts. Errors: unavailable (unknown host), invalid_input (certificate file), internal.
base::Result<load::LevelRun> run_level(const LevelPlan& plan, std::stop_token stop);

}  // namespace autotuner::traffic
