#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::simulator {

/// A toy tokenizer, the same on every machine. A token of text is a word piece of at most six bytes with the
/// space before it, or any other single byte. The answers are made of vocabulary words that are one token
/// each, so the text of n generated tokens counts as n again.
using TokenId = std::int32_t;

inline constexpr TokenId vocabulary_size = 32000;

/// The ids of the pieces of `text`; words of the vocabulary get their own id, all else a stable hash.
std::vector<TokenId> tokenize(std::string_view text);
std::int64_t count_tokens(std::string_view text);

/// The text of a vocabulary word, e.g. " bado"; needs 256 <= id < vocabulary_size. Only letters and a space.
void append_word(std::string& out, TokenId id);

/// The token at `position` of the answer to a prompt with this hash.
TokenId answer_token(std::uint64_t prompt_hash, std::uint64_t position);

/// A stable hash of a prompt given as ids.
std::uint64_t hash_of(const std::vector<TokenId>& ids);

}  // namespace autotuner::simulator
