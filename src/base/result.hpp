#pragma once

#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace autotuner::base {

/// What went wrong, as far as the reaction depends on it: exit code, HTTP status, retry.
enum class ErrorKind { invalid_input, not_found, conflict, timed_out, unavailable, cancelled, internal };

/// The stable lower-case word of a kind, e.g. "invalid_input".
const char* to_text(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  /// Names the thing, the value and the limit: "max_batch is 0; must be at least 1".
  std::string message;

  bool operator==(const Error&) const = default;
};

/// A value or an Error. Unlike tl::expected it can't be dropped without a warning.
template <class T>
struct [[nodiscard]] Result : tl::expected<T, Error> {
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> e) : tl::expected<T, Error>(std::move(e)) {}
};

/// An error of `kind` with a formatted message, ready to be returned from a function with any Result.
template <class... Args>
tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

/// The commonest one: what a user, a file or a peer gave us can't be used.
template <class... Args>
tl::unexpected<Error> invalid_input(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorKind::invalid_input, format, std::forward<Args>(args)...);
}

}  // namespace autotuner::base
