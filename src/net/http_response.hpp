#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace autotuner::net {

struct HttpLimits {
  std::uint32_t header_bytes = 64 * 1024;
  std::uint64_t body_bytes = std::uint64_t{1} << 32;
};

/// Reads one HTTP/1 response after another from bytes that come in any pieces. Knows no socket.
class HttpResponseReader {
 public:
  explicit HttpResponseReader(HttpLimits limits = {});
  ~HttpResponseReader();
  HttpResponseReader(HttpResponseReader&&) noexcept;
  HttpResponseReader& operator=(HttpResponseReader&&) noexcept;

  /// Ready for the next response of the same connection (or of a new one).
  void reset();

  /// Takes bytes off the wire and appends what they hold of the body, without its transfer coding, to `body`.
  /// Interim responses (1xx) are swallowed. Errors: invalid_input with what is malformed or over a limit.
  base::Result<void> feed(std::string_view bytes, std::string& body);

  /// The peer closed. Errors: unavailable when the response was not complete.
  base::Result<void> close();

  bool started() const;     ///< at least one byte of this response arrived
  bool has_header() const;  ///< status and header fields are known
  bool done() const;        ///< the response is complete
  int status() const;       ///< 0 before has_header()
  /// The field's value, empty if absent; names compare without case.
  std::string_view header(std::string_view name) const;
  /// The connection may carry another request: complete, not closed by either side, nothing sent behind the
  /// end.
  bool reusable() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace autotuner::net
