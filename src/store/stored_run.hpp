#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/cells.hpp"
#include "tuning/run.hpp"

namespace autotuner::store {

/// The rows of one task and its current run.
struct StoredRun {
  Cells task;
  Cells secrets;
  std::vector<tuning::Experiment> experiments;  ///< by number, secrets left out
  std::optional<base::Error> unreadable;        ///< of the first experiment that can't be read
};

/// The first task of `tail` (WHERE ..., ORDER BY ...). Throws what SOCI throws.
std::optional<StoredRun> read_stored_run(soci::session& sql, std::string_view tail,
                                         std::span<const Cell> arguments);
/// Errors: invalid_input when document or an experiment can't be read.
base::Result<tuning::Run> run_of(StoredRun stored);

}  // namespace autotuner::store
