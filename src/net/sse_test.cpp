#include "net/sse.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace autotuner::net {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The fields of a text that comes in pieces cut at `first` and `second`.
Fields read(std::string_view text, std::size_t first, std::size_t second) {
  SseParser parser;
  Fields fields;
  const auto keep = [&fields](std::string_view field, std::string_view value) {
    fields.emplace_back(field, value);
  };
  for (const auto piece : {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
    EXPECT_TRUE(parser.feed(piece, keep));
  }
  return fields;
}

TEST(SseParser, ReadsTheSameFieldsWhereverTheTextIsCut) {
  const std::string text =
      "\xEF\xBB\xBF"
      "data: one\n\ndata:two\r\n\r\n: comment\rdata: \r\revent: x\ndata\n  data: no\nid: 7\r\ndata: "
      "{\"a\":\"b:c\"}\n";
  const Fields expected{{"data", "one"}, {"data", "two"},  {"data", ""}, {"event", "x"},
                        {"data", ""},    {"  data", "no"}, {"id", "7"},  {"data", "{\"a\":\"b:c\"}"}};
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      ASSERT_EQ(read(text, first, second), expected) << first << " " << second;
    }
  }
}

TEST(SseParser, ReadsLinesLongerThan128KiBAndRefusesThoseOverItsLimit) {
  const std::string line = "data: " + std::string(200 * 1024, 'x');
  std::size_t length = 0;
  const auto keep = [&length](std::string_view, std::string_view value) { length = value.size(); };
  SseParser parser;
  for (std::size_t at = 0; at < line.size(); at += 1000)
    EXPECT_TRUE(parser.feed(std::string_view(line).substr(at, 1000), keep));
  EXPECT_TRUE(parser.feed("\n", keep));
  EXPECT_EQ(length, 200U * 1024);

  SseParser small(100);
  EXPECT_TRUE(small.feed(std::string(100, 'x'), keep));
  EXPECT_FALSE(small.feed("y", keep));
  EXPECT_FALSE(small.feed("\ndata: z\n", keep)) << "nothing is read behind the error";
  SseParser whole(100);
  EXPECT_FALSE(whole.feed(std::string(101, 'x') + "\n", keep));
}

TEST(SseParser, KeepsALineThatHasNotEnded) {
  SseParser parser;
  int lines = 0;
  const auto count = [&lines](std::string_view, std::string_view) { ++lines; };
  parser.feed("data: half", count);
  EXPECT_EQ(lines, 0);
  EXPECT_TRUE(parser.has_pending());
  parser.reset();
  EXPECT_FALSE(parser.has_pending());
}

}  // namespace
}  // namespace autotuner::net
