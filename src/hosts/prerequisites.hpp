#pragma once

#include "base/result.hpp"
#include "hosts/engine_program.hpp"
#include "hosts/model_source.hpp"
#include "tuning/ports/engine_host.hpp"

namespace autotuner::hosts {

/// Whether an engine can be started here with this model: its program is installed and can be executed, its
/// model is there or can be fetched, a device that it or the task can't do without exists. Runs nothing
/// longer than 10 s. Errors: unavailable (program or device), not_found or invalid_input (model), each with
/// what was looked for, where, and how to get it.
base::Result<void> check_prerequisites(const tuning::EngineRequest& request, const ProgramSettings& programs,
                                       const ModelFolders& models);

}  // namespace autotuner::hosts
