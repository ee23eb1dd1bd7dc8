#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "engine/failure.hpp"
#include "engine/resolve.hpp"
#include "spec/task.hpp"

namespace autotuner::tuning {

/// What is to be started.
struct EngineRequest {
  engine::RuntimeId runtime = engine::RuntimeId::sim;
  spec::Model model;
  std::string served_name;  ///< wanted name; empty = the host picks a unique one
  std::string image_tag;
  std::string gpu_type;  ///< part of the name of the GPUs it may run on; empty = any
  engine::Resolved resolved;
  std::string service_name;            ///< unique on the host while it runs
  std::string log_path;                ///< engine output is streamed here
  bool continues_log = false;          ///< behind what an earlier attempt printed, else instead of it
  base::SteadyTime ready_by;           ///< deadline of readiness
  std::optional<int> longest_context;  ///< of the workload, for the fit check (decision 15)
};

/// How the engine's host looked during a span of time, for the audit of a level (decision 14).
struct HostUsage {
  double foreign_cpu = 0;   ///< cores used by processes that are neither ours nor the engine's
  double engine_cores = 0;  ///< cores the engine may use when it computes on the CPU; 0 = it does not
};

/// Last lines of an engine's output that an experiment's record holds.
inline constexpr std::size_t kept_log_lines = 100;

/// An engine that is ready. Destroying it stops it (kill without grace); stop() is the orderly way.
class RunningEngine {
 public:
  virtual ~RunningEngine() = default;
  virtual std::string url() const = 0;  ///< http://127.0.0.1:port, no /v1
  virtual const engine::EngineFacts& facts() const = 0;
  virtual std::vector<std::string> command() const = 0;
  virtual std::optional<double> memory_limit_gib() const = 0;
  /// Nothing while it lives, else how it ended. Thread-safe, does not block.
  virtual std::optional<engine::Failure> death() const = 0;
  /// As death(), but waits for it up to `limit`. Thread-safe, blocks.
  virtual std::optional<engine::Failure> death_within(std::chrono::milliseconds limit) const = 0;
  virtual std::string log_tail(std::size_t lines) const = 0;
  /// Starts the meter of HostUsage / reads it since the last start. Thread-safe.
  virtual void begin_usage() = 0;
  virtual HostUsage usage() const = 0;
  /// SIGTERM, grace, SIGKILL of the whole tree; waits until port and memory are free. Errors: unavailable
  /// when something is left (the message says what). Idempotent.
  virtual base::Awaitable<base::Result<void>> stop(std::chrono::duration<double> grace) = 0;
};

/// A start that failed, with what the record of a running engine would hold.
struct FailedStart : engine::Failure {
  std::vector<std::string> command{};  ///< empty = nothing was launched
  std::string url{};
  std::string engine_version{};
  std::string log_tail{};
  std::optional<double> memory_limit_gib{};
};

using Started = tl::expected<std::unique_ptr<RunningEngine>, FailedStart>;

/// Where engines run: this host's processes, Docker, Kubernetes.
class EngineHost {
 public:
  virtual ~EngineHost() = default;
  /// Starts and waits until ready and checked (own socket, facts fit the workload). On failure nothing is
  /// left running. `progress` gets "deploy" and "ready" with a detail. A stop request ends the wait within
  /// 100 ms.
  virtual base::Awaitable<Started> start(
      EngineRequest request, std::stop_token stop,
      std::function<void(std::string phase, std::string detail)> progress) = 0;
  /// Before the first trial: whether this engine can be started here at all. Looks only at what all points of
  /// a task share: program and model. Errors, each with what was looked for, where, and the remedy:
  /// unavailable (program missing or unable to run here), not_found or invalid_input (model).
  virtual base::Awaitable<base::Result<void>> check(const EngineRequest& request) = 0;
  /// After check(): fetches what all points need and this host lacks, so that no trial pays for it (weights
  /// from a hub). `progress` gets a line for people, often, from any thread. Errors: unavailable, not_found,
  /// invalid_input, timed_out, cancelled.
  virtual base::Awaitable<base::Result<void>> fetch(const EngineRequest& request, std::stop_token stop,
                                                    std::function<void(std::string detail)> progress) = 0;
  /// After fetch(): what the model's files on this host say of its sizes, in the words of a config.json
  /// (num_hidden_layers, hidden_size ...), also where they stand in a GGUF file. Looks nowhere else. Null =
  /// nothing to read.
  virtual base::Awaitable<base::Json> model_config(const EngineRequest& request) = 0;
};

}  // namespace autotuner::tuning
