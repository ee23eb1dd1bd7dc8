#include "traffic/control.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "traffic/stream_event.hpp"

namespace autotuner::traffic {
namespace {

net::HttpRequest base_request(const Control& control, std::string_view path,
                              std::chrono::duration<double> timeout) {
  net::HttpRequest request;
  request.url = control.endpoint.url.text() + std::string(path);
  request.timeout = timeout;
  if (control.deadline != std::chrono::steady_clock::time_point::max()) {
    const std::chrono::duration<double> left = control.deadline - std::chrono::steady_clock::now();
    // A timeout of zero would mean none.
    request.timeout = std::clamp<std::chrono::duration<double>>(left, std::chrono::milliseconds(1), timeout);
  }
  request.ca_file = control.endpoint.ca_file;
  request.verify_peer = control.endpoint.verify_peer;
  request.headers = {{"Authorization", control.authorization()}};
  return request;
}

base::Json short_request(const Control& control, bool chat, std::string_view prompt, int max_tokens) {
  base::Json body;
  body["model"] = control.model;
  if (chat)
    body["messages"] = base::Json::array({base::Json{{"role", "user"}, {"content", prompt}}});
  else
    body["prompt"] = prompt;
  body["max_tokens"] = max_tokens;
  body["temperature"] = 0.0;
  return body;
}

const char* path_of(bool chat) {
  return chat ? "/v1/chat/completions" : "/v1/completions";
}

bool is_missing(int status) {
  return status == 404 || status == 405 || status == 501;
}

}  // namespace

base::Result<net::HttpResponse> Control::get(std::string_view path, std::chrono::duration<double> timeout,
                                             std::stop_token stop) const {
  return net::send(base_request(*this, path, timeout), std::move(stop));
}

base::Result<net::HttpResponse> Control::post(std::string_view path, std::string body,
                                              std::chrono::duration<double> timeout,
                                              std::stop_token stop) const {
  auto request = base_request(*this, path, timeout);
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return net::send(request, std::move(stop));
}

base::Result<std::string> served_model(const Control& control, std::stop_token stop) {
  const auto answer = control.get("/v1/models", std::chrono::seconds(30), std::move(stop));
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->ok()) {
    return base::fail(base::ErrorKind::unavailable, "{}/v1/models: HTTP {}: {}", control.endpoint.url.text(),
                      answer->status, error_text(answer->body));
  }
  const auto document = base::parse_json(answer->body);
  if (document && document->is_object() && document->contains("data") && document->at("data").is_array()) {
    for (const auto& entry : document->at("data")) {
      if (auto id = base::text_at(entry, "id")) return std::move(*id);
    }
  }
  return base::fail(base::ErrorKind::unavailable, "{}/v1/models names no model; set model_name",
                    control.endpoint.url.text());
}

WarmUp warm_up(const Control& control, int count, const std::stop_token& stop) {
  WarmUp result;
  bool chat = false;
  for (int i = 0; i < count && !stop.stop_requested(); ++i) {
    const auto body = base::to_compact_text(
        short_request(control, chat, fmt::format("Hello, warm-up number {}", i + 1), 10));
    const auto answer = control.post(path_of(chat), body, std::chrono::seconds(30), stop);
    if (answer && answer->ok()) {
      ++result.answered;
    } else if (answer && !chat && is_missing(answer->status)) {
      chat = true;
      --i;
    } else {
      result.last_error = answer ? fmt::format("HTTP {}: {}", answer->status, error_text(answer->body))
                                 : answer.error().message;
    }
  }
  return result;
}

base::Result<int> reported_prompt_tokens(const Control& control, bool chat, std::string_view prompt,
                                         std::stop_token stop) {
  const auto body = base::to_compact_text(short_request(control, chat, prompt, 1));
  const auto answer = control.post(path_of(chat), body, std::chrono::seconds(60), std::move(stop));
  if (!answer) return tl::unexpected(answer.error());
  const auto document = base::parse_json(answer->body);
  if (answer->ok() && document && document->is_object() && document->contains("usage")) {
    if (const auto tokens = base::number_at(document->at("usage"), "prompt_tokens"))
      return static_cast<int>(*tokens);
  }
  return base::fail(base::ErrorKind::unavailable, "{}: HTTP {}, no usage.prompt_tokens in the answer",
                    path_of(chat), answer->status);
}

}  // namespace autotuner::traffic
