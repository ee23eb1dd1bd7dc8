#include "traffic/tokens.hpp"

#include <algorithm>
#include <cctype>

#include <gtest/gtest.h>

#include "traffic/corpus.hpp"

namespace autotuner::traffic {
namespace {

/// Counts words of up to `longest` letters as one token, longer ones as two, and `extra` for every text.
TokenCounter counter(std::size_t longest, int extra) {
  return [longest, extra](std::string_view text) -> base::Result<Tokenized> {
    Tokenized result;
    result.count = extra;
    std::size_t letters = 0;
    for (const char c : std::string(text) + " ") {
      if (c != ' ')
        ++letters;
      else if (letters > 0) {
        result.count += letters <= longest ? 1 : 2;
        letters = 0;
      }
    }
    result.ids.assign(static_cast<std::size_t>(result.count), 42);
    return result;
  };
}

TEST(Corpus, HasManyDistinctLowerCaseWords) {
  const auto& words = common_words();
  EXPECT_GE(words.size(), 350U);
  auto sorted = words;
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end());
  for (const auto word : words)
    EXPECT_TRUE(std::ranges::all_of(word, [](unsigned char c) { return std::islower(c); })) << word;
}

TEST(TokenFit, KeepsTheWordsThatAreOneToken) {
  const auto fit = fit_by_counting(counter(6, 1), common_words());
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->source, "tokenize");
  EXPECT_DOUBLE_EQ(fit->per_word, 1.0);
  EXPECT_DOUBLE_EQ(fit->base, 1.0);
  EXPECT_GE(fit->vocabulary.size(), 100U);
  for (const auto word : fit->vocabulary) EXPECT_LE(word.size(), 6U);
  EXPECT_EQ(fit->words_for(101), 100);
  EXPECT_EQ(fit->words_for(0), 1);
  EXPECT_FALSE(fit->ids.empty());
}

TEST(TokenFit, FitsALineWhereFewWordsAreOneToken) {
  const auto fit = fit_by_counting(counter(1, 0), common_words());
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->vocabulary.size(), common_words().size());
  EXPECT_NEAR(fit->per_word, 2.0, 1e-9);
}

TEST(TokenFit, LeavesTheChatTemplateOutOfTheLine) {
  const auto fit = fit_by_usage(50, 50 * 2 + 17, 600, 600 * 2 + 17, common_words());
  EXPECT_EQ(fit.source, "usage");
  EXPECT_DOUBLE_EQ(fit.per_word, 2.0);
  EXPECT_DOUBLE_EQ(fit.base, 0.0);
  EXPECT_EQ(fit_by_usage(0, 0, 0, 0, common_words()).source, "guess");
}

TEST(TokenFit, HandsOnTheErrorOfTheCounter) {
  const TokenCounter broken = [](std::string_view) -> base::Result<Tokenized> {
    return base::invalid_input("no tokenizer");
  };
  EXPECT_EQ(fit_by_counting(broken, common_words()).error().message, "no tokenizer");
}

}  // namespace
}  // namespace autotuner::traffic
