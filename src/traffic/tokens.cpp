#include "traffic/tokens.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "traffic/corpus.hpp"

namespace autotuner::traffic {
namespace {

/// Fewer single-token words than this make prompts too much alike.
constexpr std::size_t enough_words = 100;
/// Looking for single-token words must not cost more than a moment.
constexpr int most_calls = 120;

std::optional<Tokenized> read_tokenized(std::string_view body) {
  const auto document = base::parse_json(body);
  if (!document || !document->is_object()) return std::nullopt;
  Tokenized result;
  const auto tokens = document->find("tokens");
  if (tokens != document->end() && tokens->is_array()) {
    result.count = static_cast<int>(tokens->size());
    for (const auto& token : *tokens) {
      if (token.is_number_integer()) result.ids.push_back(token.get<int>());
    }
    if (result.ids.size() != tokens->size()) result.ids.clear();
    return result;
  }
  const auto count = base::number_at(*document, "count");
  if (!count || *count < 0) return std::nullopt;
  result.count = static_cast<int>(*count);
  return result;
}

/// Each word with the space before it, as it stands inside a text.
std::string spaced(const std::vector<std::string_view>& words, std::size_t begin, std::size_t end) {
  std::string text;
  for (auto i = begin; i < end; ++i) text.append(" ").append(words[i]);
  return text;
}

/// Halves the list until each part has as many tokens as words, or is a single word that has more.
class SingleTokenSearch {
 public:
  SingleTokenSearch(const TokenCounter& count, const std::vector<std::string_view>& words, int extra)
      : count_(count), words_(words), extra_(extra) {}

  base::Result<void> search(std::size_t begin, std::size_t end) {
    if (begin >= end || calls_ >= most_calls) return {};
    ++calls_;
    const auto counted = count_(spaced(words_, begin, end));
    if (!counted) return tl::unexpected(counted.error());
    if (counted->count - extra_ == static_cast<int>(end - begin)) {
      found_.insert(found_.end(), words_.begin() + static_cast<std::ptrdiff_t>(begin),
                    words_.begin() + static_cast<std::ptrdiff_t>(end));
      return {};
    }
    if (end - begin == 1) return {};
    const auto middle = begin + (end - begin) / 2;
    auto left = search(begin, middle);
    return left ? search(middle, end) : left;
  }

  std::vector<std::string_view> found() const { return found_; }

 private:
  const TokenCounter& count_;
  const std::vector<std::string_view>& words_;
  int extra_;
  int calls_ = 0;
  std::vector<std::string_view> found_;
};

}  // namespace

int TokenFit::words_for(int tokens) const {
  return std::max(1, static_cast<int>(std::lround((tokens - base) / per_word)));
}

base::Result<Tokenized> tokenize(const Control& control, std::string_view text, std::stop_token stop) {
  base::Json body{
      {"content", text}, {"model", control.model}, {"prompt", text}, {"add_special_tokens", false}};
  const auto answer =
      control.post("/tokenize", base::to_compact_text(body), std::chrono::seconds(10), std::move(stop));
  if (!answer) return tl::unexpected(answer.error());
  if (answer->ok()) {
    if (auto read = read_tokenized(answer->body)) return std::move(*read);
  }
  return base::fail(base::ErrorKind::unavailable, "/tokenize: HTTP {}, no token count in the answer",
                    answer->status);
}

base::Result<TokenFit> fit_by_counting(const TokenCounter& count,
                                       const std::vector<std::string_view>& words) {
  // what the tokenizer adds to every text: a single word twice and four times tells it from the word's own
  // tokens
  const std::vector<std::string_view> twice(2, words.front());
  const std::vector<std::string_view> four(4, words.front());
  const auto two_words = count(spaced(twice, 0, 2));
  if (!two_words) return tl::unexpected(two_words.error());
  const auto four_words = count(spaced(four, 0, 4));
  if (!four_words) return tl::unexpected(four_words.error());
  const int extra = std::clamp(2 * two_words->count - four_words->count, 0, 2);

  TokenFit fit;
  fit.source = "tokenize";
  // shorter words are likelier to be one token, so in this order the halves that are all of that kind are
  // large
  auto by_length = words;
  std::ranges::sort(by_length, {}, [](std::string_view word) { return std::pair(word.size(), word); });
  SingleTokenSearch search(count, by_length, extra);
  if (const auto searched = search.search(0, words.size()); !searched)
    return tl::unexpected(searched.error());
  fit.vocabulary = search.found().size() >= enough_words ? search.found() : words;

  base::Random random(1);
  const auto short_text = count(random_words(fit.vocabulary, 50, random));
  if (!short_text) return tl::unexpected(short_text.error());
  const auto long_text = count(random_words(fit.vocabulary, 1050, random));
  if (!long_text) return tl::unexpected(long_text.error());
  fit.per_word = std::max(0.05, (long_text->count - short_text->count) / 1000.0);
  fit.base = long_text->count - fit.per_word * 1050;
  // ids of the middle: a beginning-of-text mark must not stand inside a prompt
  const auto& ids = long_text->ids;
  if (ids.size() > 100) fit.ids.assign(ids.begin() + 10, ids.end() - 10);
  return fit;
}

TokenFit fit_by_usage(int few_words, int few_tokens, int many_words, int many_tokens,
                      const std::vector<std::string_view>& words) {
  TokenFit fit;
  fit.vocabulary = words;
  fit.source = "usage";
  if (many_words > few_words && many_tokens > few_tokens) {
    fit.per_word = static_cast<double>(many_tokens - few_tokens) / (many_words - few_words);
  } else {
    fit.source = "guess";
  }
  return fit;
}

}  // namespace autotuner::traffic
