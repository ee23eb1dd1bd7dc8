#include "simulator/tokens.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace autotuner::simulator {
namespace {

TEST(Tokens, AreWordPiecesOfSixBytesWithTheSpaceBeforeThem) {
  EXPECT_EQ(count_tokens(""), 0);
  EXPECT_EQ(count_tokens("hello"), 1);
  EXPECT_EQ(count_tokens("hello world"), 2);
  EXPECT_EQ(count_tokens("tokenization"), 2);
  EXPECT_EQ(count_tokens("a, b"), 3);
  EXPECT_EQ(count_tokens("  x"), 2);
  EXPECT_EQ(count_tokens(" "), 1);
}

TEST(Tokens, AreCountedAsTheyAreListed) {
  std::string text = "The quick brown fox, jumps over 13 lazy dogs.\n\n\tÜnïcode 名前!";
  for (std::size_t end = 0; end <= text.size(); ++end) {
    const auto part = std::string_view(text).substr(0, end);
    EXPECT_EQ(count_tokens(part), static_cast<std::int64_t>(tokenize(part).size()));
  }
}

TEST(Tokens, StayInsideTheVocabularyForAllBytes) {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  for (const auto id : tokenize(text + text)) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, vocabulary_size);
  }
}

TEST(Tokens, OfTheVocabularyAreOneTokenEachAndAllDifferent) {
  std::set<std::string> words;
  for (TokenId id = 256; id < vocabulary_size; ++id) {
    std::string word;
    append_word(word, id);
    ASSERT_EQ(tokenize(word), std::vector<TokenId>{id}) << word;
    words.insert(word);
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(vocabulary_size - 256));
}

TEST(Answers, ReadBackAsTheTokensTheyAreMadeOf) {
  std::string text;
  std::vector<TokenId> ids;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ids.push_back(answer_token(42, i));
    append_word(text, ids.back());
  }
  EXPECT_EQ(tokenize(text), ids);
}

TEST(Answers, DependOnThePromptAlone) {
  EXPECT_EQ(answer_token(1, 5), answer_token(1, 5));
  EXPECT_NE(answer_token(1, 5), answer_token(2, 5));
  EXPECT_NE(hash_of({1, 2, 3}), hash_of({3, 2, 1}));
  EXPECT_EQ(hash_of({1, 2, 3}), hash_of({1, 2, 3}));
}

}  // namespace
}  // namespace autotuner::simulator
