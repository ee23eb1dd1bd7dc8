#include "simulator/answer.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "simulator/tokens.hpp"

namespace autotuner::simulator {
namespace {

struct Status {
  int code;
  std::string_view reason;
  std::string_view type;
};
constexpr std::array statuses{
    Status{200, "OK", ""},
    Status{400, "Bad Request", "BadRequestError"},
    Status{401, "Unauthorized", "AuthenticationError"},
    Status{404, "Not Found", "NotFoundError"},
    Status{405, "Method Not Allowed", "MethodNotAllowedError"},
    Status{413, "Payload Too Large", "BadRequestError"},
    Status{429, "Too Many Requests", "RateLimitError"},
    Status{500, "Internal Server Error", "InternalServerError"},
    Status{503, "Service Unavailable", "ServiceUnavailableError"},
};

const Status& status_of(int code) {
  const auto found = std::ranges::find_if(statuses, [&](const Status& s) { return s.code == code; });
  return found == statuses.end() ? statuses[7] : *found;
}

constexpr std::string_view common_headers = "server: autotuner-sim\r\nx-simulated: true\r\n";

std::string json_string(std::string_view text) {
  return base::to_compact_text(base::Json(text));
}

}  // namespace

Reply reply_of(const Refusal& refusal) {
  base::Json error;
  error["message"] = refusal.message;
  error["type"] = status_of(refusal.status).type;
  error["param"] = refusal.param.empty() ? base::Json() : base::Json(refusal.param);
  error["code"] = refusal.status;
  Reply reply;
  reply.status = refusal.status;
  reply.body = base::to_compact_text(base::Json{{"error", std::move(error)}});
  if (refusal.status == 429) reply.extra_headers = "retry-after: 1\r\n";
  return reply;
}

std::string render(const Reply& reply, bool keep_alive) {
  return fmt::format("HTTP/1.1 {} {}\r\n{}{}{}content-type: {}\r\ncontent-length: {}\r\n\r\n{}", reply.status,
                     status_of(reply.status).reason, common_headers, reply.extra_headers,
                     keep_alive ? "" : "connection: close\r\n", reply.content_type, reply.body.size(),
                     reply.body);
}

std::string render_stream_head(bool chunked, bool keep_alive) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\n{}{}content-type: text/event-stream; charset=utf-8\r\ncache-control: "
      "no-cache\r\n{}\r\n",
      common_headers, keep_alive ? "" : "connection: close\r\n",
      chunked ? "transfer-encoding: chunked\r\n" : "");
}

std::string models_body(const Options& options, std::int64_t created) {
  base::Json model;
  model["id"] = served_id(options);
  model["object"] = "model";
  model["created"] = created;
  model["owned_by"] = "autotuner-sim";
  model["root"] = options.model;
  model["parent"] = nullptr;
  model["max_model_len"] = options.max_model_len;
  model["simulated"] = true;
  base::Json list;
  list["object"] = "list";
  list["data"] = base::Json::array({model});
  return base::to_compact_text(list);
}

std::string metrics_body(const Options& options, const Totals& totals, const Load& load,
                         std::int64_t kv_room) {
  std::string text = "# Simulated engine: the requests are real, the speed is invented.\n";
  const auto label = fmt::format("model_name={}", json_string(served_id(options)));
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help, double value) {
    text += fmt::format("# HELP sim:{0} {1}\n# TYPE sim:{0} {2}\nsim:{0}{{{3}}} {4}\n", name, help, type,
                        label, value);
  };
  add("num_requests_running", "gauge", "Requests that are being served.", static_cast<double>(load.running));
  add("num_requests_waiting", "gauge", "Requests that wait for room.", static_cast<double>(load.waiting));
  add("kv_cache_usage_perc", "gauge", "Share of the KV cache in use, 0 to 1.",
      static_cast<double>(load.kv_tokens) / static_cast<double>(std::max<std::int64_t>(kv_room, 1)));
  add("prompt_tokens_total", "counter", "Prompt tokens of finished prompts.",
      static_cast<double>(totals.prompt_tokens));
  add("generation_tokens_total", "counter", "Generated tokens.",
      static_cast<double>(totals.generation_tokens));
  text += "# HELP sim:request_success_total Finished requests.\n# TYPE sim:request_success_total counter\n";
  const auto reason = [&](std::string_view word, std::int64_t count) {
    text += fmt::format("sim:request_success_total{{{},finished_reason=\"{}\"}} {}\n", label, word, count);
  };
  reason("length", totals.ended_by_length);
  reason("stop", totals.ended_by_stop);
  reason("abort", totals.aborted);
  const auto summary = [&](std::string_view name, std::string_view help, double sum, std::int64_t count) {
    text += fmt::format(
        "# HELP sim:{0} {1}\n# TYPE sim:{0} summary\nsim:{0}_sum{{{2}}} {3}\nsim:{0}_count{{{2}}} {4}\n",
        name, help, label, sum, count);
  };
  summary("time_to_first_token_seconds", "From the arrival of a request to its first token.",
          totals.first_token_seconds, totals.first_tokens);
  summary("e2e_request_latency_seconds", "From the arrival of a request to its last token.",
          totals.request_seconds, totals.finished);
  return text;
}

AnswerWriter::AnswerWriter(const Ask& ask, std::string_view model, std::uint64_t number, std::int64_t created)
    : ask_(ask) {
  const auto render_opening = [&](std::string_view object) {
    return fmt::format(
        R"({{"id":"{}-sim-{:016x}","object":"{}","created":{},"model":{},"system_fingerprint":"simulated","choices":)",
        ask.chat ? "chatcmpl" : "cmpl", number, object, created, json_string(model));
  };
  if (ask.stream) {
    prefix_ = "data: " + render_opening(ask.chat ? "chat.completion.chunk" : "text_completion");
  } else {
    opening_ = render_opening(ask.chat ? "chat.completion" : "text_completion");
  }
}

void AnswerWriter::append_chunk(std::string& out, std::string_view payload) const {
  if (!chunked_) {
    out += payload;
    return;
  }
  std::array<char, 16> size{};
  const auto end = fmt::format_to_n(size.data(), size.size(), "{:x}\r\n", payload.size()).out;
  out.append(size.data(), end);
  out += payload;
  out += "\r\n";
}

void AnswerWriter::append_event(std::string& out, bool last) {
  if (ask_.chat && produced_ == 0) {
    event_ = prefix_;
    event_ +=
        R"([{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]})"
        "\n\n";
    append_chunk(out, event_);
  }
  event_ = prefix_;
  event_ += ask_.chat ? R"([{"index":0,"delta":{"content":")" : R"([{"index":0,"text":")";
  append_word(event_, answer_token(ask_.prompt_hash, static_cast<std::uint64_t>(produced_)));
  event_ += ask_.chat ? R"("},"logprobs":null,"finish_reason":)" : R"(","logprobs":null,"finish_reason":)";
  if (last) {
    event_ += '"';
    event_ += finish_reason();
    event_ += "\"}]}\n\n";
  } else {
    event_ += "null}]}\n\n";
  }
  append_chunk(out, event_);
  ++produced_;
  if (!last) return;
  if (ask_.include_usage) {
    event_ = prefix_;
    event_ += "[],\"usage\":" + usage() + "}\n\n";
    append_chunk(out, event_);
  }
  append_chunk(out, "data: [DONE]\n\n");
  if (chunked_) out += "0\r\n\r\n";
}

std::string AnswerWriter::usage() const {
  return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})", ask_.prompt_tokens,
                     produced_, ask_.prompt_tokens + produced_);
}

std::string AnswerWriter::whole_body() const {
  std::string text;
  for (std::int64_t i = 0; i < produced_; ++i) {
    append_word(text, answer_token(ask_.prompt_hash, static_cast<std::uint64_t>(i)));
  }
  const auto content = ask_.chat ? fmt::format(R"("message":{{"role":"assistant","content":"{}"}})", text)
                                 : fmt::format(R"("text":"{}")", text);
  return fmt::format(R"({}[{{"index":0,{},"logprobs":null,"finish_reason":"{}"}}],"usage":{}}})", opening_,
                     content, finish_reason(), usage());
}

}  // namespace autotuner::simulator
