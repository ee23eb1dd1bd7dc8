#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/advice.hpp"
#include "hosts/cpu_split.hpp"
#include "tuning/run.hpp"

namespace autotuner::hosts {

/// Where the audit looks.
struct AuditSources {
  std::string root;                                ///< before /proc and /sys; empty on a real host
  std::map<std::string, std::string> environment;  ///< PATH for nvidia-smi
  CpuSplit cpus{};                                 ///< between engine and load generator
};

/// What moves numbers on this host: each fact ok, doubtful (with the remedy) or unknown. Always the same
/// facts in the same order, so that two audits can be held against each other.
std::vector<tuning::HostFact> audit_host(const AuditSources& sources);

/// What ranges of parameters depend on: physical cores that an engine may use (`engine_cpus`; empty = all
/// that we may use), memory that it may take, GPUs.
engine::Hardware detect_hardware(const std::map<std::string, std::string>& environment,
                                 const std::vector<int>& engine_cpus = {});

}  // namespace autotuner::hosts
