#pragma once

#include "cli/doctor.hpp"
#include "hosts/local_host.hpp"

namespace autotuner::app {

/// What `doctor` asks of this host, answered by hosts/ and the system. `settings` must outlive the parts.
cli::DoctorParts doctor_parts(const cli::Settings& settings, const hosts::LocalHostSettings& host);

}  // namespace autotuner::app
