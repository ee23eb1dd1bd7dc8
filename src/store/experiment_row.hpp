#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "store/cells.hpp"
#include "store/secrets.hpp"
#include "tuning/experiment.hpp"

namespace autotuner::store {

/// The columns that experiment_of_row needs.
std::span<const ColumnOf> experiment_columns();

/// A row of `experiments`, without its id. What has no column of its own stands in `details`. Secrets are
/// masked.
Cells row_of_experiment(const tuning::Experiment& experiment, std::int64_t task_id, int run,
                        const Secrets& secrets);
/// Errors: invalid_input naming the experiment and the member that can't be read.
base::Result<tuning::Experiment> experiment_of_row(const Cells& row);

}  // namespace autotuner::store
