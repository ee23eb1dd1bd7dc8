#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http_client.hpp"
#include "traffic/endpoint.hpp"

namespace autotuner::traffic {

/// The calls to a server beside the measured ones: model list, warm-up, token counts.
struct Control {
  Endpoint endpoint;
  std::string api_key;  ///< empty = "dummy", which servers without keys ignore
  std::string model;
  /// No call waits beyond this; one that begins later fails at once.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  base::Result<net::HttpResponse> get(std::string_view path, std::chrono::duration<double> timeout,
                                      std::stop_token stop) const;
  base::Result<net::HttpResponse> post(std::string_view path, std::string body,
                                       std::chrono::duration<double> timeout, std::stop_token stop) const;
  std::string authorization() const { return "Bearer " + (api_key.empty() ? "dummy" : api_key); }
};

/// The first id of /v1/models. Errors: unavailable with what the server said.
base::Result<std::string> served_model(const Control& control, std::stop_token stop);

struct WarmUp {
  int answered = 0;
  std::string last_error;  ///< of the last request that failed
};

/// Up to `count` short requests; on the completions path, or the chat path where a server has no other. Stops
/// early on a stop request.
WarmUp warm_up(const Control& control, int count, const std::stop_token& stop);

/// Prompt tokens the server reports for one chat (or completions) request with this prompt.
base::Result<int> reported_prompt_tokens(const Control& control, bool chat, std::string_view prompt,
                                         std::stop_token stop);

}  // namespace autotuner::traffic
