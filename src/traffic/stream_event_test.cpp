#include "traffic/stream_event.hpp"

#include <gtest/gtest.h>

namespace autotuner::traffic {
namespace {

StreamEvent read(std::string_view payload) {
  EventReader reader;
  return reader.read(payload);
}

TEST(StreamEvent, FindsTextWhereEnginesPutIt) {
  EXPECT_TRUE(read(R"({"choices":[{"delta":{"content":"a"}}]})").has_text);
  EXPECT_TRUE(read(R"({"choices":[{"delta":{"content":"\n"}}]})").has_text);
  EXPECT_TRUE(
      read(R"({"choices":[{"delta":{"role":"assistant","content":null,"reasoning":"why"}}]})").has_text);
  EXPECT_TRUE(read(R"({"choices":[{"delta":{"content":"","reasoning_content":"why"}}]})").has_text);
  EXPECT_TRUE(read(R"({"choices":[{"index":0,"text":" word","logprobs":null}]})").has_text);
  EXPECT_TRUE(
      read(R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]})").has_text);
  EXPECT_TRUE(read(R"({"choices":[{"message":{"role":"assistant","content":"whole"}}]})").has_text);
  EXPECT_TRUE(read(R"({"choices":[{"delta":{}},{"delta":{"content":"second choice"}}]})").has_text);
}

TEST(StreamEvent, DoesNotTakeEmptyPiecesForText) {
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"role":"assistant","content":null}}]})").has_text);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"role":"assistant","content":""}}]})").has_text);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{},"finish_reason":"length"}]})").has_text);
  EXPECT_FALSE(read(R"({"choices":[{"text":"","finish_reason":"stop"}]})").has_text);
  EXPECT_FALSE(read(R"({"choices":[]})").has_text);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"tool_calls":[]}}]})").has_text);
}

TEST(StreamEvent, ReadsUsageWithDetails) {
  const auto event = read(
      R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46,)"
      R"("completion_tokens_details":{"reasoning_tokens":5},"prompt_tokens_details":{"cached_tokens":3}}})");
  EXPECT_EQ(event.usage,
            (Usage{.prompt_tokens = 12, .completion_tokens = 34, .reasoning_tokens = 5, .cached_tokens = 3}));
  EXPECT_EQ(read(R"({"choices":[],"usage":null})").usage, std::nullopt);
  EXPECT_EQ(read(R"({"usage":{"prompt_tokens":1,"completion_tokens":null,"prompt_tokens_details":null}})")
                .usage->prompt_tokens,
            1);
}

TEST(StreamEvent, ReadsUsageBesideAFinishReason) {
  const auto event = read(
      R"({"choices":[{"text":"","finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":8}})");
  EXPECT_TRUE(event.is_finish);
  EXPECT_EQ(event.usage->completion_tokens, 8);
}

TEST(StreamEvent, ReadsTheTimingsOfLlamaCpp) {
  const auto event = read(
      R"({"choices":[],"timings":{"cache_n":2,"prompt_n":10,"prompt_ms":1.5,"predicted_n":7,"predicted_ms":9.1}})");
  EXPECT_EQ(event.timings, (Usage{.prompt_tokens = 12, .completion_tokens = 7, .cached_tokens = 2}));
}

TEST(StreamEvent, ReadsErrorsInEverySpelling) {
  EXPECT_EQ(read(R"({"error":{"message":"no","code":400,"type":"x"}})").error, (StreamError{400, "no"}));
  EXPECT_EQ(read(R"({"error":{"message":"no","code":"503"}})").error, (StreamError{503, "no"}));
  EXPECT_EQ(read(R"({"error":{"message":"no","code":"too_long"}})").error, (StreamError{-1, "no"}));
  EXPECT_EQ(read(R"({"error":"plain"})").error, (StreamError{-1, "plain"}));
  EXPECT_EQ(read(R"({"object":"error","message":"flat","code":40303})").error, (StreamError{40303, "flat"}));
  EXPECT_EQ(read(R"({"choices":[],"error":null})").error, std::nullopt);
  EXPECT_EQ(read(R"({"error":{}})").error->message, "the engine reported an error without a message");
}

TEST(StreamEvent, MarksWhatIsNoJsonObject) {
  EXPECT_FALSE(read("").readable);
  EXPECT_FALSE(read("<html>").readable);
  EXPECT_FALSE(read("[1,2]").readable);
  EXPECT_FALSE(read(R"({"choices":[{"delta":{"content":"a)").readable);
  EXPECT_TRUE(read("{}").readable);
}

TEST(StreamEvent, TakesAPayloadWithoutBytes) {
  EXPECT_FALSE(EventReader().read(std::string_view()).readable);
}

TEST(StreamEvent, CutsLongErrorTextsBetweenCharacters) {
  EXPECT_EQ(error_text(R"({"error":{"message":"m"}})"), "m");
  EXPECT_EQ(error_text(R"({"error":"m"})"), "m");
  EXPECT_EQ(error_text(R"({"detail":"m"})"), "m");
  EXPECT_EQ(error_text(" plain\ntext "), "plain text");
  std::string umlauts;
  for (int i = 0; i < 400; ++i) umlauts += "\xC3\xA4";
  const auto cut = error_text("x" + umlauts);
  EXPECT_TRUE(cut.ends_with("\xC3\xA4..."));
  EXPECT_LE(cut.size(), 303U);
}

}  // namespace
}  // namespace autotuner::traffic
