#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime.hpp"

namespace autotuner::engine {

/// Step at which an experiment failed.
enum class FailureCode {
  deploy_failed,
  not_ready,
  no_endpoint,
  benchmark_create_failed,
  benchmark_timeout,
  benchmark_failed,
  slo_hard_violation,
  cancelled,
  worker_lost,
  invalid_point,
  internal,
};
/// What it was; set where the failure is seen, not guessed from text later.
enum class FailureClass { timeout, exited, oom, removed, connection, cancelled, bad_flag, slo, other };

const char* to_text(FailureCode code);
const char* to_text(FailureClass cls);
std::optional<FailureCode> failure_code_from_text(std::string_view text);
std::optional<FailureClass> failure_class_from_text(std::string_view text);

struct Failure {
  FailureCode code = FailureCode::internal;
  FailureClass cls = FailureClass::other;
  std::string message;
  bool transient = false;  ///< worth one more attempt: connection, removed, port taken, download interrupted
  bool operator==(const Failure&) const = default;
};

/// How a process ended: code >= 0 is its exit status, signal > 0 what killed it.
struct ExitStatus {
  int code = -1;
  int signal = 0;
  bool operator==(const ExitStatus&) const = default;
};
/// "exit code 1", "signal 11 (SIGSEGV)", "signal 4 (SIGILL: this build of the engine uses instructions that
/// this CPU lacks)".
std::string to_text(const ExitStatus& status);

/// Reads an engine's last log lines: out of memory, refused flag, else exited. `ready` = it had answered
/// before.
Failure classify_exit(const ExitStatus& status, std::string_view log, RuntimeId runtime, bool ready,
                      bool memory_limit_hit);

/// The last line of a log that says what went wrong ("Error" or "failed"), cut to 200 characters; empty if
/// none.
std::string telling_line(std::string_view log);
bool has_out_of_memory(std::string_view log, RuntimeId runtime);
/// The refused argument when the log says so.
std::optional<std::string> refused_flag(std::string_view log);

/// Facts the engine reports after readiness, to be held against the workload.
struct EngineFacts {
  std::string served_id{};
  std::string version{};
  std::optional<int> context_per_request{};  ///< tokens one request may use
  std::optional<int> slots{};                ///< requests served at a time
  std::optional<double> kv_tokens{};
};
/// From llama-server's /props, or from /v1/models (max_model_len of vLLM and SGLang). Unreadable = no facts.
EngineFacts facts_from_props(std::string_view props_json);
EngineFacts facts_from_models(std::string_view models_json);
/// Why the workload does not fit, or nothing.
std::optional<std::string> why_unfit(const EngineFacts& facts, std::optional<int> longest_context);

}  // namespace autotuner::engine
