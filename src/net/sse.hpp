#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace autotuner::net {

/// Reads the lines of a server-sent event stream as its bytes come, split anywhere; LF, CR and CRLF end a
/// line. Each line is told on its own (field, value): the events of inference engines are one `data` line
/// each. Comments and blank lines are swallowed.
class SseParser {
 public:
  static constexpr std::size_t default_max_line = 1024UL * 1024;

  explicit SseParser(std::size_t max_line = default_max_line) : max_line_(max_line) {}

  /// Calls `on_field(std::string_view field, std::string_view value)` for every line that `bytes` completes.
  /// The views hold during the call. False: a line is longer than the limit; nothing more is read until
  /// reset().
  template <class OnField>
  bool feed(std::string_view bytes, OnField&& on_field) {
    while (!bytes.empty() && !too_long_) {
      if (skip_line_feed_) {
        skip_line_feed_ = false;
        if (bytes.front() == '\n') {
          bytes.remove_prefix(1);
          continue;
        }
      }
      const auto end = line_end(bytes);
      if (end == std::string_view::npos) {
        keep(bytes);
        break;
      }
      const auto part = bytes.substr(0, end);
      skip_line_feed_ = bytes[end] == '\r';
      bytes.remove_prefix(end + 1);
      if (pending_.empty()) {
        if (part.size() > max_line_)
          too_long_ = true;
        else
          tell(part, on_field);
        continue;
      }
      keep(part);
      if (!too_long_) tell(pending_, on_field);
      pending_.clear();
    }
    return !too_long_;
  }

  /// A line begun and not ended yet.
  bool has_pending() const { return !pending_.empty(); }
  std::size_t max_line() const { return max_line_; }

  void reset() {
    pending_.clear();
    skip_line_feed_ = too_long_ = false;
    at_start_ = true;
  }

 private:
  static std::size_t line_end(std::string_view bytes) {
    const auto feed = bytes.find('\n');
    const auto carriage_return = bytes.substr(0, feed).find('\r');
    return carriage_return == std::string_view::npos ? feed : carriage_return;
  }

  void keep(std::string_view part) {
    if (pending_.size() + part.size() > max_line_)
      too_long_ = true;
    else
      pending_.append(part);
  }

  template <class OnField>
  void tell(std::string_view line, OnField& on_field) {
    if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    at_start_ = false;
    if (line.empty() || line.front() == ':') return;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      on_field(line, std::string_view{});
      return;
    }
    auto value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    on_field(line.substr(0, colon), value);
  }

  std::size_t max_line_;
  std::string pending_;
  bool skip_line_feed_ = false;
  bool too_long_ = false;
  bool at_start_ = true;
};

}  // namespace autotuner::net
