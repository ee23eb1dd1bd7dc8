#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "store/secrets.hpp"
#include "tuning/run.hpp"

namespace autotuner::store {

/// The `metadata` document of a task: "run" holds what of a Run has no column, "checkpoint" what a strategy
/// can go on from; members of others are kept.
base::Json with_run(base::Json metadata, const tuning::Run& run);
/// Takes "run" out of the document into the run. What is missing there stays as it is; the run's task must be
/// set before.
void read_run(const base::Json& metadata, tuning::Run& run);

/// Replaces the checkpoint, secrets masked; empty text leaves it as it is. Errors: invalid_input for text
/// that is no JSON object.
base::Result<base::Json> with_checkpoint(base::Json metadata, const std::string& checkpoint,
                                         const Secrets& secrets);
base::Json without_checkpoint(base::Json metadata);

}  // namespace autotuner::store
