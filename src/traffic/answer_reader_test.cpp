#include "traffic/answer_reader.hpp"

#include <gtest/gtest.h>

#include "tests/support/scripted_server.hpp"

namespace autotuner::traffic {
namespace {

using namespace std::chrono_literals;
using load::Nanoseconds;
namespace answers = tests::answers;

struct Reading {
  load::RequestRecord record;
  EventReader events;
  AnswerReader reader{events};
  Reading() { reader.begin(record); }
};

std::string streamed(const std::string& body) {
  return answers::stream_head + answers::chunk(body) + "0\r\n\r\n";
}

TEST(AnswerReader, CountsTheSameWhereverAnAnswerIsCut) {
  const auto bytes = answers::chat(6, 3);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Reading r;
    r.record.asked_output_tokens = 3;
    r.reader.feed(std::string_view(bytes).substr(0, cut), 1ms);
    r.reader.feed(std::string_view(bytes).substr(cut), 2ms);
    ASSERT_TRUE(r.record.ok()) << cut << r.record.error_message;
    ASSERT_EQ(r.record.chunks.size(), 3U);
    ASSERT_EQ(r.record.input_tokens, 6);
    ASSERT_EQ(r.record.output_tokens, 3);
    ASSERT_FALSE(r.record.short_answer);
    ASSERT_TRUE(r.reader.drained());
    ASSERT_TRUE(r.reader.reusable());
    ASSERT_EQ(r.reader.events(), 3U);
  }
}

TEST(AnswerReader, StampsEachTokenWithItsRead) {
  Reading r;
  r.reader.feed(answers::stream_head, 1ms);
  r.reader.feed(answers::chunk(answers::role()), 2ms);
  r.reader.feed(answers::chunk(answers::token("a")), 3ms);
  r.reader.feed(answers::chunk(answers::token("b") + answers::token("c")), 5ms);
  r.reader.feed(answers::chunk(answers::finish()), 6ms);
  r.reader.feed(answers::chunk(answers::usage(1, 3)), 7ms);
  r.reader.feed(answers::chunk(answers::done), 8ms);
  EXPECT_TRUE(r.reader.settled());
  EXPECT_FALSE(r.reader.drained());
  r.reader.feed("0\r\n\r\n", 9ms);
  EXPECT_TRUE(r.reader.drained());
  EXPECT_EQ(r.record.first_token, Nanoseconds(3ms));
  EXPECT_EQ(r.record.last_token, Nanoseconds(5ms));
  EXPECT_EQ(r.record.end, Nanoseconds(8ms));
  EXPECT_EQ(r.record.chunks, (std::vector<Nanoseconds>{3ms, 5ms, 5ms}));
  EXPECT_EQ(r.reader.coalesced_events(), 1U);
}

TEST(AnswerReader, EstimatesTokensWithoutUsage) {
  Reading r;
  r.reader.feed(streamed(answers::token("a") + answers::token("b") + answers::finish() + answers::done), 1ms);
  EXPECT_TRUE(r.record.ok());
  EXPECT_EQ(r.record.output_tokens, 2);
  EXPECT_TRUE(r.record.tokens_estimated);
}

TEST(AnswerReader, TakesUsageThatComesEarly) {
  Reading r;
  r.reader.feed(streamed(answers::usage(9, 0) + answers::token("a") + answers::usage(9, 4) + answers::done),
                1ms);
  EXPECT_EQ(r.record.input_tokens, 9);
  EXPECT_EQ(r.record.output_tokens, 4);
}

TEST(AnswerReader, FallsBackToTheTimingsOfLlamaCpp) {
  Reading r;
  r.reader.feed(
      streamed(answers::token("a") +
               answers::event_line(R"({"choices":[],"timings":{"prompt_n":5,"cache_n":1,"predicted_n":3}})") +
               answers::done),
      1ms);
  EXPECT_EQ(r.record.input_tokens, 6);
  EXPECT_EQ(r.record.output_tokens, 3);
  EXPECT_FALSE(r.record.tokens_estimated);
}

TEST(AnswerReader, MarksAnswersShorterThanAsked) {
  Reading r;
  r.record.asked_output_tokens = 5;
  r.reader.feed(answers::chat(2, 4), 1ms);
  EXPECT_TRUE(r.record.short_answer);
}

TEST(AnswerReader, RefusesAnAnswerWithoutText) {
  Reading r;
  r.reader.feed(streamed(answers::role() + answers::usage(2, 1) + answers::done), 1ms);
  EXPECT_EQ(r.record.error_code, -1);
  EXPECT_EQ(r.record.error_message, "the answer holds no text");
}

TEST(AnswerReader, AcceptsTokensWithoutVisibleText) {
  Reading r;
  r.reader.feed(streamed(answers::role() + answers::usage(2, 8) + answers::done), 4ms);
  EXPECT_TRUE(r.record.ok());
  EXPECT_EQ(r.record.first_token, Nanoseconds(4ms));
}

TEST(AnswerReader, TakesAStreamWithoutAnEndMarkForTruncated) {
  Reading r;
  r.reader.feed(streamed(answers::token("a")), 1ms);
  EXPECT_EQ(r.record.error_code, 500);
  EXPECT_EQ(r.record.error_message, "the stream ended before the answer was complete");
}

TEST(AnswerReader, ReadsAnAnswerThatIsNotStreamed) {
  Reading r;
  r.reader.feed(
      answers::plain(
          200,
          R"({"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}})"),
      5ms);
  EXPECT_TRUE(r.record.ok()) << r.record.error_message;
  EXPECT_EQ(r.record.output_tokens, 1);
  EXPECT_EQ(r.record.first_token, Nanoseconds(5ms));
}

TEST(AnswerReader, ReadsErrorsOfOlderLlamaServers) {
  Reading r;
  r.reader.feed(streamed("error: {\"message\":\"context is full\"}\n\n"), 1ms);
  EXPECT_EQ(r.record.error_code, -1);
  EXPECT_EQ(r.record.error_message, "context is full");
}

TEST(AnswerReader, ReportsUnreadableEvents) {
  Reading r;
  r.reader.feed(streamed("data: {\"choices\":[\n\n"), 1ms);
  EXPECT_EQ(r.record.error_code, -1);
  EXPECT_EQ(r.record.error_message, "unreadable event in the stream: {\"choices\":[");
}

TEST(AnswerReader, RefusesALineWithoutAnEnd) {
  Reading r;
  r.reader.feed(answers::stream_head + answers::chunk("data: " + std::string(2UL * 1024 * 1024, 'x')), 1ms);
  EXPECT_EQ(r.record.error_code, 500);
  EXPECT_EQ(r.record.error_message, "a line of the event stream is longer than 1048576 bytes");
}

TEST(AnswerReader, DistinguishesAClosedConnectionBeforeAndInsideAnAnswer) {
  Reading before;
  before.reader.close(1ms, "");
  EXPECT_EQ(before.record.error_code, 503);
  EXPECT_EQ(before.record.error_message, "the server closed the connection without a response");
  Reading inside;
  inside.reader.feed(answers::stream_head + answers::chunk(answers::token("a")), 1ms);
  inside.reader.close(2ms, "Connection reset by peer");
  EXPECT_EQ(inside.record.error_code, 500);
  EXPECT_EQ(inside.record.error_message, "connection lost inside the answer: Connection reset by peer");
  Reading after;
  after.reader.feed("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + answers::token("a") +
                        answers::usage(1, 1),
                    1ms);
  after.reader.close(2ms, "");
  EXPECT_TRUE(after.record.ok()) << "the end of the connection is the end of such a body";
}

}  // namespace
}  // namespace autotuner::traffic
