#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/record.hpp"
#include "net/http_response.hpp"
#include "net/sse.hpp"
#include "traffic/stream_event.hpp"

namespace autotuner::traffic {

/// Error codes of requests that no HTTP status describes.
enum ErrorCode : int { in_stream = -1, transport = 500, no_connection = 503, client_timeout = 408 };

/// Turns the bytes of one answer, with the time of each read, into a request record. Knows no socket and no
/// clock; one reader serves the requests of one connection, one after another.
class AnswerReader {
 public:
  /// `events` is shared by the connections of a thread and outlives them.
  explicit AnswerReader(EventReader& events) : events_(&events) {}

  /// The next request begins. `record` must stay where it is until the answer is complete; `sent` is set by
  /// whoever writes the request.
  void begin(load::RequestRecord& record);
  /// Bytes of the answer, read at `at`.
  void feed(std::string_view bytes, load::Nanoseconds at);
  /// The peer closed or the read failed (`reason`, empty for an orderly end).
  void close(load::Nanoseconds at, std::string_view reason);
  /// The request fails here, whatever has come.
  void fail(load::Nanoseconds at, int code, std::string message);

  bool started() const { return response_.started(); }
  /// The record is final (its `end` is set); bytes may still be to come before the connection is free.
  bool settled() const { return settled_; }
  /// Nothing more belongs to this answer.
  bool drained() const { return response_.done() || broken_; }
  /// The connection may carry the next request.
  bool reusable() const { return !broken_ && response_.reusable(); }

  std::uint64_t events() const { return event_count_; }
  std::uint64_t coalesced_events() const { return coalesced_count_; }

 private:
  void take_body(load::Nanoseconds at);
  void take_payload(std::string_view payload, load::Nanoseconds at);
  void finish(load::Nanoseconds at);
  void count_tokens();
  bool is_event_stream() const { return event_stream_; }

  EventReader* events_;
  net::HttpResponseReader response_;
  net::SseParser lines_;
  load::RequestRecord* record_ = nullptr;
  std::string body_;  ///< decoded bytes not looked at yet; of errors and unstreamed answers the whole
  std::optional<Usage> usage_;
  std::optional<Usage> timings_;
  bool header_seen_ = false;
  bool event_stream_ = false;
  bool finish_seen_ = false;
  bool text_in_this_read_ = false;
  bool settled_ = false;
  bool broken_ = false;
  std::uint64_t event_count_ = 0;
  std::uint64_t coalesced_count_ = 0;
};

}  // namespace autotuner::traffic
