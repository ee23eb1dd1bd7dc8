#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/ask.hpp"
#include "simulator/job.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// An HTTP answer that is sent as a whole.
struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::string extra_headers = {};  ///< whole lines, each ended by CRLF
};

/// The error in OpenAI's shape: {"error": {"message", "type", "param", "code"}}.
Reply reply_of(const Refusal& refusal);

/// Status line, headers (x-simulated among them) and body. A `keep_alive` of false announces the end.
std::string render(const Reply& reply, bool keep_alive);

/// Status line and headers of a server-sent stream; `chunked` is false for HTTP/1.0 clients.
std::string render_stream_head(bool chunked, bool keep_alive);

std::string models_body(const Options& options, std::int64_t created);

/// Counters of /metrics.
struct Totals {
  std::int64_t prompt_tokens = 0;
  std::int64_t generation_tokens = 0;
  std::int64_t ended_by_length = 0;
  std::int64_t ended_by_stop = 0;
  std::int64_t aborted = 0;
  std::int64_t first_tokens = 0;
  double first_token_seconds = 0;  ///< summed, from the arrival of the request to the first token
  std::int64_t finished = 0;
  double request_seconds = 0;  ///< summed, from the arrival to the last token
};

/// Prometheus text; the names are vLLM's with the prefix "sim:".
std::string metrics_body(const Options& options, const Totals& totals, const Load& load,
                         std::int64_t kv_room);

/// Writes the answer to one Ask, piece by piece, without a JSON library: what is the same in every piece is
/// rendered once.
class AnswerWriter {
 public:
  /// `number` makes the id of the answer; `created` is in seconds since 1970.
  AnswerWriter(const Ask& ask, std::string_view model, std::uint64_t number, std::int64_t created);

  /// HTTP/1.0 has no chunks.
  void set_chunked(bool chunked) { chunked_ = chunked; }
  /// Appends the event of one more token, before the first one the role event of a chat. With the last one go
  /// the finish reason, the usage if it was asked for, "[DONE]" and the end of the chunked body.
  void append_event(std::string& out, bool last);
  /// Counts a token without writing it, for answers that are sent as a whole.
  void count_token() { ++produced_; }
  std::int64_t produced() const { return produced_; }
  /// The whole answer as one JSON body, with the tokens counted so far.
  std::string whole_body() const;
  const Ask& ask() const { return ask_; }

 private:
  void append_chunk(std::string& out, std::string_view payload) const;
  std::string usage() const;
  std::string_view finish_reason() const { return ask_.ends_early ? "stop" : "length"; }

  Ask ask_;
  std::string prefix_;   ///< of every event, up to "choices":
  std::string opening_;  ///< of the whole body, up to "choices":
  std::string event_;
  bool chunked_ = true;
  std::int64_t produced_ = 0;
};

}  // namespace autotuner::simulator
