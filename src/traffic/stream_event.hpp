#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace autotuner::traffic {

/// Token counts as an engine reports them.
struct Usage {
  int prompt_tokens = 0;
  int completion_tokens = 0;
  int reasoning_tokens = 0;
  int cached_tokens = 0;
  bool operator==(const Usage&) const = default;
};

/// An error that came inside a stream.
struct StreamError {
  int code = -1;  ///< the error's own numeric code, -1 if it has none
  std::string message;
  bool operator==(const StreamError&) const = default;
};

/// What one payload of an answer says, as far as a measurement needs it.
struct StreamEvent {
  bool readable = true;    ///< false: not a JSON object
  bool has_text = false;   ///< carries generated text (content, reasoning, tool call or completion text)
  bool is_finish = false;  ///< names a finish reason
  std::optional<Usage> usage;
  std::optional<Usage> timings;  ///< token counts of llama.cpp's own `timings`
  std::optional<StreamError> error;
};

/// Reads payloads of chat and completions answers, streamed (delta, text) or whole (message, text). One
/// reader serves any number of streams of one thread; it keeps buffers, not state.
class EventReader {
 public:
  EventReader();
  ~EventReader();
  EventReader(EventReader&&) noexcept;

  StreamEvent read(std::string_view payload);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The message of an error body: error.message, message or detail of a JSON document, else the text itself,
/// cut.
std::string error_text(std::string_view body);

}  // namespace autotuner::traffic
