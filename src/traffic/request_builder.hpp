#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "load/plan.hpp"
#include "traffic/control.hpp"
#include "traffic/level_plan.hpp"
#include "traffic/tokens.hpp"

namespace autotuner::traffic {

/// What the requests of one level are made of.
struct RequestRecipe {
  const load::Workload& workload;
  const load::Scenario& scenario;
  load::Level level;
  const Control& control;
  const TokenFit& fit;
  /// Prompts of the data set: raw in the dataset scenario, else the text that prompts are cut from; empty =
  /// our words.
  const std::vector<std::string>& dataset;
  bool token_ids = false;           ///< the engine takes prompts of token ids (completions only)
  std::uint64_t prompt_stream = 0;  ///< lengths don't depend on it, texts do
  int pass = 0;                     ///< repeats and re-runs of a level see other texts, too
};

/// Requests 0 to count-1. `longest_output` > 0 cuts the asked tokens (for warm-up). The same recipe gives the
/// same bytes everywhere. Errors: invalid_input (additional_params, prefix longer than the input).
base::Result<std::vector<PreparedRequest>> build_requests(const RequestRecipe& recipe, int count,
                                                          int longest_output = 0);

/// Whether the prefix options fit the scenario. Errors: invalid_input with the limit.
base::Result<void> check_prefix(const load::Workload& workload, const load::Scenario& scenario);

}  // namespace autotuner::traffic
