#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "simulator/options.hpp"

namespace autotuner::simulator {

/// What one request for text wants, read from its JSON body and checked.
struct Ask {
  bool chat = false;
  bool stream = false;
  bool include_usage = false;
  std::int64_t prompt_tokens = 1;
  std::int64_t max_tokens = 1;     ///< the longest answer it may get
  std::int64_t output_tokens = 1;  ///< the answer it will get
  bool ends_early = false;         ///< by an end-of-text token, not by length
  std::uint64_t prompt_hash = 0;
};

/// An HTTP error that will be answered in OpenAI's shape.
struct Refusal {
  int status = 400;
  std::string message;
  std::string param;  ///< the member at fault, empty if none
};

template <class T>
using Answer = tl::expected<T, Refusal>;

enum class Endpoint { completions, chat };

/// Reads a body of /v1/completions or /v1/chat/completions. The answer's length depends on prompt and seed
/// alone. Refusals: 400 for what can't be read or served (n > 1, a prompt beyond max-model-len), 404 for
/// another model.
Answer<Ask> read_ask(Endpoint endpoint, std::string_view body, const Options& options);

/// The JSON answer to a body of /tokenize: vLLM's form {"prompt"} or {"messages"}, llama.cpp's {"content"}.
Answer<std::string> answer_tokenize(std::string_view body, const Options& options);

/// The id under which the model is served: "sim/" and the served name, or the model's.
std::string served_id(const Options& options);

}  // namespace autotuner::simulator
