#include "traffic/answer_reader.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::traffic {
namespace {

/// Of an answer that is no event stream this much is kept; what engines say in errors is far shorter.
constexpr std::size_t longest_whole_body = 8UL * 1024 * 1024;

}  // namespace

void AnswerReader::begin(load::RequestRecord& record) {
  response_.reset();
  lines_.reset();
  record_ = &record;
  body_.clear();
  usage_.reset();
  timings_.reset();
  header_seen_ = event_stream_ = finish_seen_ = settled_ = broken_ = false;
}

void AnswerReader::feed(std::string_view bytes, load::Nanoseconds at) {
  if (broken_) return;
  text_in_this_read_ = false;
  const auto fed = response_.feed(bytes, body_);
  if (!header_seen_ && response_.has_header()) {
    header_seen_ = true;
    event_stream_ = response_.status() / 100 == 2 &&
                    base::to_lower(response_.header("content-type")).starts_with("text/event-stream");
  }
  if (header_seen_) take_body(at);
  if (!fed) {
    fail(at, ErrorCode::transport, fed.error().message);
    return;
  }
  if (response_.done()) finish(at);
}

void AnswerReader::take_body(load::Nanoseconds at) {
  if (!event_stream_) {
    if (body_.size() > longest_whole_body)
      fail(at, ErrorCode::transport, "the answer is no event stream and has no end");
    return;
  }
  const bool short_enough = lines_.feed(body_, [this, at](std::string_view field, std::string_view value) {
    if (field == "data") take_payload(value, at);
    // llama.cpp's older servers name the line of an error "error" instead of "data"
    else if (field == "error" && !settled_)
      fail(at, ErrorCode::in_stream, error_text(value));
  });
  body_.clear();
  if (!short_enough) {
    fail(at, ErrorCode::transport,
         fmt::format("a line of the event stream is longer than {} bytes", lines_.max_line()));
  }
}

void AnswerReader::take_payload(std::string_view payload, load::Nanoseconds at) {
  if (settled_) return;
  if (base::trim(payload) == "[DONE]") {
    finish_seen_ = true;
    finish(at);
    return;
  }
  const auto event = events_->read(payload);
  if (!event.readable) {
    fail(at, ErrorCode::in_stream, "unreadable event in the stream: " + error_text(payload));
    return;
  }
  if (event.error) {
    fail(at, event.error->code, event.error->message);
    return;
  }
  if (event.usage) usage_ = event.usage;
  if (event.timings) timings_ = event.timings;
  finish_seen_ = finish_seen_ || event.is_finish;
  if (!event.has_text) return;
  auto& record = *record_;
  if (!record.first_token) record.first_token = at;
  record.last_token = at;
  record.chunks.push_back(at);
  ++event_count_;
  if (text_in_this_read_) ++coalesced_count_;
  text_in_this_read_ = true;
}

void AnswerReader::close(load::Nanoseconds at, std::string_view reason) {
  const bool had_begun = response_.started();
  const auto closed = response_.close();
  if (reason.empty() && closed) {
    finish(at);
  } else if (!settled_) {
    const int code = had_begun ? ErrorCode::transport : ErrorCode::no_connection;
    fail(at, code,
         !reason.empty() ? fmt::format("connection lost {}: {}",
                                       had_begun ? "inside the answer" : "before the answer", reason)
                         : closed.error().message);
  }
  broken_ = true;
}

void AnswerReader::fail(load::Nanoseconds at, int code, std::string message) {
  // the rest of the stream can't be told from the next answer
  broken_ = true;
  if (settled_) return;
  settled_ = true;
  record_->end = at;
  record_->error_code = code;
  record_->error_message = std::move(message);
  count_tokens();
}

void AnswerReader::finish(load::Nanoseconds at) {
  if (settled_) return;
  const int status = response_.status();
  if (status / 100 != 2) {
    settled_ = true;
    record_->end = at;
    record_->error_code = status;
    record_->error_message = error_text(body_);
    if (record_->error_message.empty()) record_->error_message = fmt::format("HTTP status {}", status);
    return;
  }
  if (!event_stream_) {
    take_payload(body_, at);
    if (settled_) return;
  }
  if (!finish_seen_ && !usage_) {
    fail(at, ErrorCode::transport, "the stream ended before the answer was complete");
    return;
  }
  settled_ = true;
  record_->end = at;
  count_tokens();
  if (record_->chunks.empty() && record_->output_tokens <= 1) {
    record_->error_code = ErrorCode::in_stream;
    record_->error_message = "the answer holds no text";
    return;
  }
  // tokens without a visible character: the only arrival there is evidence for is the end
  if (!record_->first_token) record_->first_token = record_->last_token = at;
  record_->short_answer =
      record_->asked_output_tokens > 0 && record_->output_tokens < record_->asked_output_tokens;
}

void AnswerReader::count_tokens() {
  auto& record = *record_;
  const auto& counts = usage_ ? usage_ : timings_;
  if (counts) {
    if (counts->prompt_tokens > 0) record.input_tokens = counts->prompt_tokens;
    record.output_tokens = counts->completion_tokens;
    record.reasoning_tokens = counts->reasoning_tokens;
    record.cached_tokens = counts->cached_tokens;
  } else {
    // engines send one chunk per token unless they say otherwise
    record.output_tokens = static_cast<int>(record.chunks.size());
    record.tokens_estimated = true;
  }
}

}  // namespace autotuner::traffic
