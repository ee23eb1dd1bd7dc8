#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/runtime.hpp"
#include "traffic/control.hpp"

namespace autotuner::traffic {

/// How many tokens a text has, by the engine under load.
struct Tokenized {
  int count = 0;
  std::vector<int> ids;  ///< empty when the engine tells the count alone
};

/// One call of the engine's /tokenize: {"content"} of llama.cpp, {"model","prompt"} of vLLM and the simulated
/// engine, whichever it answers. Errors: unavailable when neither is understood.
base::Result<Tokenized> tokenize(const Control& control, std::string_view text, std::stop_token stop);

/// tokens = base + per_word * words, for texts of the vocabulary.
struct TokenFit {
  double base = 0;
  double per_word = 1.3;
  std::vector<std::string_view> vocabulary;
  std::vector<int> ids;  ///< ids of ordinary text, for prompts made of token ids; empty = not known
  std::string source;    ///< tokenize, usage, guess

  /// Words of a text of about `tokens` tokens; at least 1.
  int words_for(int tokens) const;
};

/// Counts the tokens of a text. Errors end the calibration.
using TokenCounter = std::function<base::Result<Tokenized>(std::string_view text)>;

/// Finds the words that are one token each, so that lengths can be met exactly; when too few are, fits a line
/// through texts of all words. Errors: those of `count`.
base::Result<TokenFit> fit_by_counting(const TokenCounter& count, const std::vector<std::string_view>& words);

/// Through two prompts of which the server told the tokens (the overhead of a chat template falls out).
TokenFit fit_by_usage(int few_words, int few_tokens, int many_words, int many_tokens,
                      const std::vector<std::string_view>& words);

}  // namespace autotuner::traffic
