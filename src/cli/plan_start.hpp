#pragma once

#include <string>
#include <vector>

#include "cli/plan.hpp"
#include "tuning/premises.hpp"

namespace autotuner::cli {

/// What the engine will compute on, where that is known: the host's GPUs, those that the task asks of other
/// hosts, or the cores of a host without any.
tuning::GpuFacts device_of(const spec::Task& task, const engine::Hardware& hardware);

/// The earlier tasks that a run would start from now; a store that can't be read is a warning on stderr.
std::vector<tuning::EarlierTask> earlier_tasks(const spec::Task& task, tuning::Premises premises,
                                               int host_gpus, const PlanParts& parts);

/// "Start: ..." for people.
std::string start_line(tuning::Premises premises);

}  // namespace autotuner::cli
