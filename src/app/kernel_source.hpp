#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/replay.hpp"
#include "cli/settings.hpp"
#include "tuning/premises.hpp"

namespace autotuner::app {

/// Measured kernels from the package that AUTOTUNER_KERNEL_TABLES names, or that is installed beside Python
/// or an engine. `settings` must outlive it.
tuning::KernelSource kernel_source(const cli::Settings& settings);

/// A line about that package. Errors: not_found when there is none.
base::Result<std::string> describe_kernel_tables(const cli::Settings& settings);

/// Of a folder that is given.
cli::ReadKernels kernel_reader();

}  // namespace autotuner::app
