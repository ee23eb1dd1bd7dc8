#include "simulator/tokens.hpp"

#include <array>
#include <optional>

#include "base/random.hpp"

namespace autotuner::simulator {
namespace {

constexpr std::string_view consonants = "bdfghjklmnprstvz";
constexpr std::string_view vowels = "aeiou";
constexpr TokenId syllables = 80;
constexpr TokenId first_word = 256;
constexpr TokenId first_long_word = first_word + syllables * syllables;
/// Only one in so many three-syllable words is in the vocabulary, spread over the whole alphabet.
constexpr TokenId long_word_stride = 20;
constexpr std::size_t longest_piece = 6;

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         byte >= 0x80;
}

void append_syllable(std::string& out, TokenId syllable) {
  out += consonants[static_cast<std::size_t>(syllable / 5)];
  out += vowels[static_cast<std::size_t>(syllable % 5)];
}

/// The id of " cvcv" or " cvcvcv", if it is a word of the vocabulary.
std::optional<TokenId> word_id(std::string_view piece) {
  if ((piece.size() != 5 && piece.size() != 7) || piece.front() != ' ') return std::nullopt;
  TokenId id = 0;
  for (std::size_t i = 1; i < piece.size(); i += 2) {
    const auto consonant = consonants.find(piece[i]);
    const auto vowel = vowels.find(piece[i + 1]);
    if (consonant == std::string_view::npos || vowel == std::string_view::npos) return std::nullopt;
    id = id * syllables + static_cast<TokenId>(consonant * 5 + vowel);
  }
  if (piece.size() == 5) return first_word + id;
  if (id % long_word_stride != 0 || first_long_word + id / long_word_stride >= vocabulary_size)
    return std::nullopt;
  return first_long_word + id / long_word_stride;
}

TokenId piece_id(std::string_view piece) {
  if (piece.size() == 1) return static_cast<unsigned char>(piece.front());
  if (const auto id = word_id(piece)) return *id;
  constexpr auto words = static_cast<std::uint64_t>(vocabulary_size - first_word);
  return first_word + static_cast<TokenId>(base::stable_hash(piece) % words);
}

/// The length of the piece at the front of `text`, which is not empty.
std::size_t piece_length(std::string_view text) {
  const std::size_t space = text.front() == ' ' && text.size() > 1 && is_word_byte(text[1]) ? 1 : 0;
  std::size_t length = space;
  while (length < text.size() && length < space + longest_piece && is_word_byte(text[length])) ++length;
  return length == 0 ? 1 : length;
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::vector<TokenId> tokenize(std::string_view text) {
  std::vector<TokenId> ids;
  while (!text.empty()) {
    const auto length = piece_length(text);
    ids.push_back(piece_id(text.substr(0, length)));
    text.remove_prefix(length);
  }
  return ids;
}

std::int64_t count_tokens(std::string_view text) {
  std::int64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(piece_length(text));
  return count;
}

void append_word(std::string& out, TokenId id) {
  out += ' ';
  if (id < first_long_word) {
    const auto value = id - first_word;
    append_syllable(out, value / syllables);
    append_syllable(out, value % syllables);
    return;
  }
  const auto value = (id - first_long_word) * long_word_stride;
  append_syllable(out, value / (syllables * syllables));
  append_syllable(out, value / syllables % syllables);
  append_syllable(out, value % syllables);
}

TokenId answer_token(std::uint64_t prompt_hash, std::uint64_t position) {
  constexpr auto words = static_cast<std::uint64_t>(vocabulary_size - first_word);
  return first_word + static_cast<TokenId>(mix(prompt_hash + (position + 1) * 0x9e3779b97f4a7c15U) % words);
}

std::uint64_t hash_of(const std::vector<TokenId>& ids) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto id : ids) hash = mix(hash ^ static_cast<std::uint64_t>(id));
  return hash;
}

}  // namespace autotuner::simulator
