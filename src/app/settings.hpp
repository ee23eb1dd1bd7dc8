#pragma once

#include "cli/settings.hpp"

namespace autotuner::app {

/// Reads the environment and AUTOTUNER_CONFIG_DIR/config.json, once. A config file that can't be read is
/// reported on stderr and ignored.
cli::Settings read_settings();

}  // namespace autotuner::app
