#include "simulator/ask.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/random.hpp"
#include "simulator/tokens.hpp"

namespace autotuner::simulator {
namespace {

using base::Json;

constexpr std::int64_t completion_default = 16;
/// A chat template's tokens around each message, and those that open the answer.
constexpr std::int64_t tokens_per_message = 4;
constexpr std::int64_t tokens_per_answer = 3;
/// Answers that may end on their own have this length on average, but at least `shortest_answer`.
constexpr double mean_answer = 256;
constexpr std::int64_t shortest_answer = 8;

template <class... Args>
tl::unexpected<Refusal> refuse(int status, std::string param, fmt::format_string<Args...> format,
                               Args&&... args) {
  return tl::unexpected<Refusal>(
      Refusal{status, fmt::format(format, std::forward<Args>(args)...), std::move(param)});
}

/// A value of a request in an error text: short, and safe for any depth of nesting.
std::string shown(const Json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  return base::to_compact_text(value).substr(0, 80);
}

const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Answer<Json> read_object(std::string_view body) {
  auto document = base::parse_json(body);
  if (!document) return refuse(400, "", "the body is not JSON: {}", document.error().message);
  if (!document->is_object()) return refuse(400, "", "the body must be a JSON object");
  return std::move(*document);
}

Answer<bool> read_bool(const Json& object, const char* name) {
  const auto* const value = member(object, name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    return refuse(400, name, "{} is {}; must be true or false", name, shown(*value));
  }
  return value->get<bool>();
}

Answer<std::optional<std::int64_t>> read_count(const Json& object, const char* name, std::int64_t low) {
  const auto* const value = member(object, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() || value->get<std::int64_t>() < low ||
      value->get<std::int64_t>() > 1'000'000'000) {
    return refuse(400, name, "{} is {}; must be an integer from {} to 1000000000", name, shown(*value), low);
  }
  return value->get<std::int64_t>();
}

Answer<void> check_model(const Json& object, const Options& options) {
  const auto* const value = member(object, "model");
  if (value == nullptr) return {};
  if (!value->is_string()) return refuse(400, "model", "model is {}; must be text", shown(*value));
  const auto& name = value->get_ref<const std::string&>();
  const bool known = name == served_id(options) || name == options.model || name == "sim/" + options.model ||
                     (!options.served_model_name.empty() && name == options.served_model_name);
  if (!known)
    return refuse(404, "model", "the model '{}' does not exist; served is '{}'", name, served_id(options));
  return {};
}

struct Prompt {
  std::int64_t tokens = 0;
  std::uint64_t hash = 0;
};

Prompt prompt_of(std::string_view text) {
  return {count_tokens(text), base::stable_hash(text)};
}

bool is_token_list(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::ranges::all_of(value, [](const Json& id) { return id.is_number_integer(); });
}

Answer<Prompt> prompt_of_ids(const Json& list) {
  std::vector<TokenId> ids;
  ids.reserve(list.size());
  for (const auto& item : list) {
    const auto id = item.get<std::int64_t>();
    if (id < 0 || id >= vocabulary_size) {
      return refuse(400, "prompt", "the prompt has the token id {}; must be from 0 to {}", id,
                    vocabulary_size - 1);
    }
    ids.push_back(static_cast<TokenId>(id));
  }
  return Prompt{static_cast<std::int64_t>(ids.size()), hash_of(ids)};
}

/// A text, a list of token ids, or a list with just one of either.
Answer<Prompt> read_prompt(const Json& object) {
  const auto* value = member(object, "prompt");
  if (value == nullptr) return refuse(400, "prompt", "prompt is missing");
  const bool is_batch = value->is_array() && !value->empty() && !value->front().is_number();
  if (is_batch) {
    if (value->size() > 1)
      return refuse(400, "prompt", "{} prompts in one request; must be 1", value->size());
    value = &value->front();
  }
  if (value->is_string()) return prompt_of(value->get_ref<const std::string&>());
  if (is_token_list(*value)) return prompt_of_ids(*value);
  return refuse(400, "prompt", "prompt must be text or a list of token ids");
}

Answer<std::string> text_of(const Json& message) {
  if (!message.is_object() || !message.contains("role") || !message["role"].is_string()) {
    return refuse(400, "messages", "each of messages must be an object with a role");
  }
  const auto* const content = member(message, "content");
  if (content == nullptr) return std::string();
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array())
    return refuse(400, "messages", "content of a message must be text or a list of parts");
  std::string text;
  for (const auto& part : *content) {
    const auto found = part.is_object() ? base::text_at(part, "text") : std::nullopt;
    if (!found)
      return refuse(400, "messages", "each part of a content must have text; nothing else is simulated");
    text += *found;
  }
  return text;
}

Answer<Prompt> read_messages(const Json& object) {
  const auto* const messages = member(object, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty()) {
    return refuse(400, "messages", "messages must be a list of at least one message");
  }
  Prompt prompt{tokens_per_answer, 0};
  std::string all;
  for (const auto& message : *messages) {
    auto text = text_of(message);
    if (!text) return tl::unexpected(text.error());
    prompt.tokens += count_tokens(*text) + tokens_per_message;
    all += message["role"].get<std::string>() + '\0' + *text + '\0';
  }
  prompt.hash = base::stable_hash(all);
  return prompt;
}

Answer<Prompt> read_input(Endpoint endpoint, const Json& object) {
  return endpoint == Endpoint::chat ? read_messages(object) : read_prompt(object);
}

Answer<std::int64_t> read_max_tokens(Endpoint endpoint, const Json& object, const Options& options,
                                     std::int64_t prompt_tokens) {
  const auto newer = read_count(object, "max_completion_tokens", 1);
  if (!newer) return tl::unexpected(newer.error());
  const auto older = read_count(object, "max_tokens", 1);
  if (!older) return tl::unexpected(older.error());
  if (endpoint == Endpoint::chat && *newer) return **newer;
  if (*older) return **older;
  const auto room = std::max<std::int64_t>(options.max_model_len - prompt_tokens, 1);
  return endpoint == Endpoint::chat ? room : std::min(room, completion_default);
}

Answer<void> check_length(const Ask& ask, const Options& options) {
  if (ask.prompt_tokens + ask.max_tokens <= options.max_model_len) return {};
  return refuse(
      400, ask.prompt_tokens >= options.max_model_len ? (ask.chat ? "messages" : "prompt") : "max_tokens",
      "the maximum context length is {} tokens; the request asks for {} ({} in the prompt, {} to generate)",
      options.max_model_len, ask.prompt_tokens + ask.max_tokens, ask.prompt_tokens, ask.max_tokens);
}

Answer<void> read_stream(const Json& object, Ask& ask) {
  const auto stream = read_bool(object, "stream");
  if (!stream) return tl::unexpected(stream.error());
  ask.stream = *stream;
  const auto* const options = member(object, "stream_options");
  if (options == nullptr) return {};
  if (!ask.stream) return refuse(400, "stream_options", "stream_options is given without stream");
  if (!options->is_object()) return refuse(400, "stream_options", "stream_options must be an object");
  const auto usage = read_bool(*options, "include_usage");
  if (!usage) return tl::unexpected(usage.error());
  ask.include_usage = *usage;
  return {};
}

/// How long the answer will be. Without ignore_eos it ends on its own where chance has it, the same for each
/// repeat of a prompt.
Answer<void> draw_length(const Json& object, const Options& options, Ask& ask) {
  const auto ignore_eos = read_bool(object, "ignore_eos");
  if (!ignore_eos) return tl::unexpected(ignore_eos.error());
  const auto minimum = read_count(object, "min_tokens", 0);
  if (!minimum) return tl::unexpected(minimum.error());
  if (minimum->value_or(0) > ask.max_tokens) {
    return refuse(400, "min_tokens", "min_tokens is {}; must be at most max_tokens, {}", **minimum,
                  ask.max_tokens);
  }
  ask.output_tokens = ask.max_tokens;
  if (*ignore_eos) return {};
  base::Random chance(static_cast<std::uint64_t>(options.seed), ask.prompt_hash);
  const auto natural = shortest_answer + std::llround(chance.exponential(mean_answer - shortest_answer));
  ask.output_tokens = std::max(std::min<std::int64_t>(natural, ask.max_tokens), minimum->value_or(0));
  ask.ends_early = ask.output_tokens < ask.max_tokens || natural == ask.max_tokens;
  return {};
}

}  // namespace

std::string served_id(const Options& options) {
  const auto& name = options.served_model_name.empty() ? options.model : options.served_model_name;
  return name.starts_with("sim/") ? name : "sim/" + name;
}

Answer<Ask> read_ask(Endpoint endpoint, std::string_view body, const Options& options) {
  const auto object = read_object(body);
  if (!object) return tl::unexpected(object.error());
  if (const auto model = check_model(*object, options); !model) return tl::unexpected(model.error());
  const auto choices = read_count(*object, "n", 1);
  if (!choices) return tl::unexpected(choices.error());
  if (choices->value_or(1) != 1) return refuse(400, "n", "n is {}; must be 1", **choices);

  Ask ask;
  ask.chat = endpoint == Endpoint::chat;
  const auto prompt = read_input(endpoint, *object);
  if (!prompt) return tl::unexpected(prompt.error());
  ask.prompt_tokens = std::max<std::int64_t>(prompt->tokens, 1);
  ask.prompt_hash = prompt->hash;
  const auto max_tokens = read_max_tokens(endpoint, *object, options, ask.prompt_tokens);
  if (!max_tokens) return tl::unexpected(max_tokens.error());
  ask.max_tokens = *max_tokens;
  if (const auto fits = check_length(ask, options); !fits) return tl::unexpected(fits.error());
  if (const auto stream = read_stream(*object, ask); !stream) return tl::unexpected(stream.error());
  if (const auto length = draw_length(*object, options, ask); !length) return tl::unexpected(length.error());
  return ask;
}

Answer<std::string> answer_tokenize(std::string_view body, const Options& options) {
  const auto object = read_object(body);
  if (!object) return tl::unexpected(object.error());
  if (const auto model = check_model(*object, options); !model) return tl::unexpected(model.error());
  if (const auto content = base::text_at(*object, "content")) {
    return base::to_compact_text(Json{{"tokens", tokenize(*content)}});
  }
  std::string text;
  std::int64_t template_tokens = 0;
  if (const auto prompt = base::text_at(*object, "prompt")) {
    text = *prompt;
  } else if (const auto* const messages = member(*object, "messages");
             messages != nullptr && messages->is_array()) {
    template_tokens = tokens_per_answer + tokens_per_message * static_cast<std::int64_t>(messages->size());
    for (const auto& message : *messages) {
      auto part = text_of(message);
      if (!part) return tl::unexpected(part.error());
      text += *part;
    }
  } else {
    return refuse(400, "prompt", "one of prompt, messages and content must be given as text");
  }
  const auto ids = tokenize(text);
  return base::to_compact_text(Json{{"count", static_cast<std::int64_t>(ids.size()) + template_tokens},
                                    {"max_model_len", options.max_model_len},
                                    {"tokens", ids},
                                    {"simulated", true}});
}

}  // namespace autotuner::simulator
