#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace autotuner::net {

/// One control-plane call. Not for measuring: the load generator has its own connections.
struct HttpRequest {
  std::string method = "GET";
  std::string url{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::duration<double> timeout{30};
  std::string unix_socket{};  ///< path; empty = TCP
  std::string proxy{};        ///< empty = what the environment says; never used for this machine
  std::string ca_file{};      ///< empty = the system's certificates
  bool verify_peer = true;    ///< https: false accepts any certificate
  bool follow_redirects = false;
  std::uint64_t max_body = 64ULL * 1024 * 1024;
  std::chrono::seconds stall_limit{0};  ///< without a byte, the call has failed; 0 = no limit
  std::function<void(std::uint64_t received)> progress{};  ///< bytes of the body so far
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  bool ok() const { return status >= 200 && status < 300; }
  /// Empty if absent; `name` in lower case.
  std::string header(const std::string& name) const;
};

/// Blocks until answered. A stop request ends the wait at once. Every HTTP status is a response, not an
/// error. Errors: invalid_input (unusable URL), unavailable (no connection, name unknown), timed_out,
/// cancelled.
base::Result<HttpResponse> send(const HttpRequest& request, const std::stop_token& stop = {});

/// Takes a piece of the body; `head` has status and headers. False ends the transfer.
using BodySink = std::function<bool(const HttpResponse& head, std::string_view bytes)>;

/// As send(), with the body handed to `sink` as it comes.
base::Result<HttpResponse> send_to(const HttpRequest& request, BodySink sink, const std::stop_token& stop);

}  // namespace autotuner::net
