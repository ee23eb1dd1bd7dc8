#include "engine/failure.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::engine {
namespace {

constexpr std::array code_names = {"deploy_failed",           "not_ready",         "no_endpoint",
                                   "benchmark_create_failed", "benchmark_timeout", "benchmark_failed",
                                   "slo_hard_violation",      "cancelled",         "worker_lost",
                                   "invalid_point",           "internal"};
constexpr std::array class_names = {"timeout",   "exited",   "oom", "removed", "connection",
                                    "cancelled", "bad_flag", "slo", "other"};

template <class Enum, std::size_t size>
std::optional<Enum> from_text(const std::array<const char*, size>& names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

/// Phrases by which engines say that memory ran out.
constexpr std::array<std::string_view, 4> oom_phrases = {
    "CUDA out of memory", "OutOfMemoryError", "out of memory", "No available memory for the cache blocks"};
constexpr std::array<std::string_view, 2> llamacpp_oom_phrases = {"failed to allocate", "unable to allocate"};

/// Causes that pass by themselves: the port was taken, a download broke off.
constexpr std::array<std::string_view, 7> passing_phrases = {
    "Address already in use", "address already in use",   "couldn't bind HTTP server socket",
    "IncompleteRead",         "Connection reset by peer", "Temporary failure in name resolution",
    "Read timed out"};

struct Signal {
  int number;
  std::string_view name;
  std::string_view meaning;
};
constexpr Signal signals[] = {
    {4, "SIGILL", "this build of the engine uses instructions that this CPU lacks"},
    {6, "SIGABRT", "the engine gave up on an error of its own"},
    {7, "SIGBUS", "memory behind a mapping was not there: disk or /dev/shm full"},
    {8, "SIGFPE", ""},
    {9, "SIGKILL", ""},
    {11, "SIGSEGV", ""},
    {15, "SIGTERM", ""},
};

bool has_any(std::string_view text, std::span<const std::string_view> phrases) {
  return std::ranges::any_of(
      phrases, [&](std::string_view phrase) { return text.find(phrase) != std::string_view::npos; });
}

/// Shells and container runtimes report a signal as 128 + its number.
ExitStatus unwrapped(const ExitStatus& status) {
  if (status.signal > 0 || status.code <= 128 || status.code > 128 + 64) return status;
  return {.code = -1, .signal = status.code - 128};
}

std::string cause(const ExitStatus& status, std::string_view log, bool ready) {
  std::string text =
      ready ? "the engine ended while it was in use: " : "the engine ended before it was ready: ";
  text += to_text(status);
  if (status.signal == 4) {
    text += "; use a more portable build (plain AVX2), or pin an older package version that still runs here";
  }
  const auto line = telling_line(log);
  return line.empty() ? text : text + "; last error: " + line;
}

Failure ended(bool ready, FailureClass cls, std::string message) {
  return {.code = ready ? FailureCode::benchmark_failed : FailureCode::not_ready,
          .cls = cls,
          .message = std::move(message),
          .transient = false};
}

}  // namespace

const char* to_text(FailureCode code) {
  return code_names.at(static_cast<std::size_t>(code));
}
const char* to_text(FailureClass cls) {
  return class_names.at(static_cast<std::size_t>(cls));
}
std::optional<FailureCode> failure_code_from_text(std::string_view text) {
  return from_text<FailureCode>(code_names, text);
}
std::optional<FailureClass> failure_class_from_text(std::string_view text) {
  return from_text<FailureClass>(class_names, text);
}

std::string to_text(const ExitStatus& status) {
  if (status.signal <= 0)
    return status.code < 0 ? "unknown exit status" : fmt::format("exit code {}", status.code);
  const auto known = std::ranges::find(signals, status.signal, &Signal::number);
  if (known == std::end(signals)) return fmt::format("signal {}", status.signal);
  return fmt::format("signal {} ({}{}{})", status.signal, known->name, known->meaning.empty() ? "" : ": ",
                     known->meaning);
}

bool has_out_of_memory(std::string_view log, RuntimeId runtime) {
  return has_any(log, oom_phrases) || (runtime == RuntimeId::llamacpp && has_any(log, llamacpp_oom_phrases));
}

Failure classify_exit(const ExitStatus& reported, std::string_view log, RuntimeId runtime, bool ready,
                      bool memory_limit_hit) {
  const auto status = unwrapped(reported);
  if (memory_limit_hit) {
    return ended(ready, FailureClass::oom,
                 "out of memory: the limit for this engine was reached; " + cause(status, log, ready));
  }
  if (!ready) {
    if (const auto flag = refused_flag(log)) {
      const auto what = flag->empty() ? std::string("an argument") : *flag;
      return ended(ready, FailureClass::bad_flag,
                   fmt::format("the engine refused {}; {}", what, cause(status, log, ready)));
    }
  }
  if (has_out_of_memory(log, runtime)) {
    return ended(ready, FailureClass::oom, "out of memory; " + cause(status, log, ready));
  }
  if (status.signal == 9) {
    return ended(ready, FailureClass::oom,
                 "killed from outside, which most often means that the host ran out of memory; " +
                     cause(status, log, ready));
  }
  auto failure = ended(ready, FailureClass::exited, cause(status, log, ready));
  failure.transient = !ready && has_any(log, passing_phrases);
  return failure;
}

}  // namespace autotuner::engine
