#include "traffic/stream_event.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include "base/json.hpp"
#include "base/text.hpp"

namespace autotuner::traffic {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

/// False if the value is not of the wanted type; a missing piece is never an error here.
template <class T>
bool get(value& from, T& into) {
  return from.get(into) == simdjson::SUCCESS;
}

bool is_null(value& from) {
  json_type type{};
  return from.type().get(type) != simdjson::SUCCESS || type == json_type::null;
}

bool is_filled_text(value& from) {
  std::string_view text;
  return from.get_string().get(text) == simdjson::SUCCESS && !text.empty();
}

bool is_filled_array(value& from) {
  simdjson::ondemand::array items;
  if (from.get_array().get(items) != simdjson::SUCCESS) return false;
  bool empty = true;
  return items.is_empty().get(empty) == simdjson::SUCCESS && !empty;
}

/// A count of tokens; anything that can't be one (negative, beyond a billion) is 0.
int count_of(value& from) {
  constexpr double most = 1e9;
  double number = 0;
  const bool usable = from.get_double().get(number) == simdjson::SUCCESS && number > 0 && number <= most;
  return usable ? static_cast<int>(number) : 0;
}

/// Calls `visit(key, value)` for each member; false when the document breaks off.
template <class Visit>
bool for_each_member(object& members, Visit&& visit) {
  for (auto entry : members) {
    simdjson::ondemand::field field;
    if (std::move(entry).get(field) != simdjson::SUCCESS) return false;
    simdjson::ondemand::raw_json_string key = field.key();
    value member = field.value();
    visit(key, member);
  }
  return true;
}

template <class Visit>
bool visit_object(value& from, Visit&& visit) {
  object members;
  return from.get_object().get(members) == simdjson::SUCCESS && for_each_member(members, visit);
}

/// A delta, a whole message or a choice of the completions API.
bool holds_text(value& from) {
  bool found = false;
  visit_object(from, [&found](auto key, value& member) {
    if (key == "content" || key == "reasoning" || key == "reasoning_content")
      found = is_filled_text(member) || found;
    else if (key == "tool_calls")
      found = is_filled_array(member) || found;
  });
  return found;
}

void read_choices(value& from, StreamEvent& event) {
  simdjson::ondemand::array choices;
  if (from.get_array().get(choices) != simdjson::SUCCESS) return;
  for (auto entry : choices) {
    value choice;
    if (std::move(entry).get(choice) != simdjson::SUCCESS) return;
    visit_object(choice, [&event](auto key, value& member) {
      if (key == "delta" || key == "message")
        event.has_text = holds_text(member) || event.has_text;
      else if (key == "text")
        event.has_text = is_filled_text(member) || event.has_text;
      else if (key == "finish_reason")
        event.is_finish = !is_null(member) || event.is_finish;
    });
  }
}

std::optional<Usage> read_usage(value& from) {
  Usage usage;
  bool any = false;
  visit_object(from, [&](auto key, value& member) {
    if (key == "prompt_tokens") {
      usage.prompt_tokens = count_of(member);
      any = true;
    } else if (key == "completion_tokens") {
      usage.completion_tokens = count_of(member);
      any = true;
    } else if (key == "completion_tokens_details") {
      visit_object(member, [&](auto detail, value& number) {
        if (detail == "reasoning_tokens") usage.reasoning_tokens = count_of(number);
      });
    } else if (key == "prompt_tokens_details") {
      visit_object(member, [&](auto detail, value& number) {
        if (detail == "cached_tokens") usage.cached_tokens = count_of(number);
      });
    }
  });
  return any ? std::optional(usage) : std::nullopt;
}

std::optional<Usage> read_timings(value& from) {
  Usage usage;
  int fresh = 0;
  const bool whole = visit_object(from, [&](auto key, value& member) {
    if (key == "prompt_n")
      fresh = count_of(member);
    else if (key == "cache_n")
      usage.cached_tokens = count_of(member);
    else if (key == "predicted_n")
      usage.completion_tokens = count_of(member);
  });
  usage.prompt_tokens = fresh + usage.cached_tokens;
  return whole ? std::optional(usage) : std::nullopt;
}

std::optional<int> code_of(value& from) {
  double number = 0;
  if (from.get_double().get(number) == simdjson::SUCCESS) {
    constexpr double most = 1e9;
    if (!(number >= -most && number <= most)) return std::nullopt;
    return static_cast<int>(number);
  }
  std::string_view text;
  int code = 0;
  if (from.get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(code) : std::nullopt;
}

/// {"message", "code"} or plain text. Null is no error.
std::optional<StreamError> read_error(value& from) {
  if (is_null(from)) return std::nullopt;
  StreamError error;
  std::string_view text;
  if (get(from, text)) {
    error.message = text;
    return error;
  }
  visit_object(from, [&error](auto key, value& member) {
    std::string_view words;
    if (key == "code")
      error.code = code_of(member).value_or(error.code);
    else if (key == "message" && get(member, words))
      error.message = words;
  });
  if (error.message.empty()) error.message = "the engine reported an error without a message";
  return error;
}

}  // namespace

struct EventReader::State {
  simdjson::ondemand::parser parser;
  std::vector<char> buffer;  ///< the payload with the padding that simdjson reads into
};

EventReader::EventReader() : state_(std::make_unique<State>()) {}
EventReader::~EventReader() = default;
EventReader::EventReader(EventReader&&) noexcept = default;

StreamEvent EventReader::read(std::string_view payload) {
  auto& buffer = state_->buffer;
  const auto needed = payload.size() + simdjson::SIMDJSON_PADDING;
  if (buffer.size() < needed) buffer.resize(needed);
  std::ranges::copy(payload, buffer.begin());

  StreamEvent event;
  simdjson::ondemand::document document;
  object members;
  if (state_->parser.iterate(buffer.data(), payload.size(), buffer.size()).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(members) != simdjson::SUCCESS) {
    event.readable = false;
    return event;
  }
  // {"object":"error","message":...,"code":...} is how older servers spell an error
  bool is_error_object = false;
  StreamError flat;
  const bool whole = for_each_member(members, [&](auto key, value& member) {
    std::string_view text;
    if (key == "choices")
      read_choices(member, event);
    else if (key == "usage")
      event.usage = read_usage(member);
    else if (key == "timings")
      event.timings = read_timings(member);
    else if (key == "error")
      event.error = read_error(member);
    else if (key == "object")
      is_error_object = get(member, text) && text == "error";
    else if (key == "message" && get(member, text))
      flat.message = text;
    else if (key == "code")
      flat.code = code_of(member).value_or(flat.code);
  });
  if (!whole) event.readable = false;
  if (is_error_object && !event.error) event.error = std::move(flat);
  return event;
}

std::string error_text(std::string_view body) {
  constexpr std::size_t longest = 300;
  std::string text;
  const auto document = base::parse_json(body);
  if (document && document->is_object()) {
    const auto error = document->find("error");
    if (error != document->end()) {
      text = error->is_string() ? error->get<std::string>() : base::text_at(*error, "message").value_or("");
    }
    if (text.empty()) text = base::text_at(*document, "message").value_or("");
    if (text.empty()) text = base::text_at(*document, "detail").value_or("");
  }
  if (text.empty()) text = std::string(base::trim(body));
  // Bytes that are no text would spoil terminals and documents.
  if (const auto readable = base::parse_json(base::to_compact_text(base::Json(text))))
    text = readable->get<std::string>();
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() > longest) {
    text.resize(longest);
    // a cut inside a UTF-8 sequence would make the text unprintable
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.pop_back();
    text += "...";
  }
  return text;
}

}  // namespace autotuner::traffic
