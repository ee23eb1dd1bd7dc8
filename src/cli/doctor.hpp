#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.hpp"
#include "cli/settings.hpp"
#include "engine/advice.hpp"
#include "gpu/device.hpp"
#include "tuning/run.hpp"

namespace autotuner::cli {

/// One engine of the runtime table: what would start it, or why nothing would.
struct EngineFound {
  std::string key;    ///< llamacpp, vllm, ...
  std::string title;  ///< for people
  bool simulated = false;
  std::vector<std::string> command;  ///< empty = not found
  std::string version;               ///< empty = not told quickly
  std::string problem;               ///< why it is not found, with the remedy
};

/// Where models lie on this host.
struct ModelsFound {
  std::string base_path;
  bool base_exists = false;
  int base_entries = 0;  ///< model files and folders below it
  std::string cache_path;
  std::vector<std::string> cached;      ///< complete Hugging Face entries, org/name
  std::vector<std::string> incomplete;  ///< entries whose download has not ended
};

/// A service that other deployments use.
struct ServiceFound {
  std::string name;
  std::string place;     ///< socket, host:port or file; empty = nothing names one
  bool present = false;  ///< it answers (a socket), or is there (a file)
  std::string problem;   ///< why it does not answer
};

/// The folder that keeps tasks and results.
struct StorageFound {
  std::string path;
  bool writable = false;
  std::string problem;
  std::uint64_t free_bytes = 0;
};

struct PortsFound {
  int first = 0, last = 0;
  int free = 0;
};

/// What `doctor` asks of the host; app/ supplies it.
struct DoctorParts {
  std::function<std::vector<EngineFound>()> engines;
  std::function<ModelsFound()> models;
  std::function<base::Result<std::vector<gpu::Device>>()> gpus;
  std::function<engine::Hardware()> hardware;
  std::function<base::Result<std::string>()> kernel_tables;  ///< a line about their package; not_found = none
  std::function<std::vector<ServiceFound>()> services;
  std::function<StorageFound()> storage;
  std::function<PortsFound()> ports;
  std::function<std::vector<tuning::HostFact>()> audit;
};

enum class CheckState { ok, doubtful, missing, unknown };
const char* to_text(CheckState state);

/// One line of the report.
struct Check {
  std::string group;  ///< engines models devices services storage host
  std::string name;
  CheckState state = CheckState::ok;
  std::string detail;
  std::string remedy;  ///< what to do about it; empty = nothing
  bool operator==(const Check&) const = default;
};

struct Diagnosis {
  std::vector<Check> checks;
  bool can_tune = false;        ///< an engine is here, and results can be kept
  bool only_simulated = false;  ///< ... but the simulated engine alone
};

/// Everything that was found, judged.
Diagnosis diagnose(const DoctorParts& parts);
std::string doctor_text(const Diagnosis& diagnosis, bool colour);
std::string doctor_json(const Diagnosis& diagnosis);

/// `doctor`: what is here, what is missing, how to get it. Exit code 1 when nothing can be tuned here.
void add_doctor(CLI::App& app, const Settings& settings, DoctorParts parts, int& exit_code);

}  // namespace autotuner::cli
