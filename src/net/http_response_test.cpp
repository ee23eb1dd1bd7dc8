#include "net/http_response.hpp"

#include <gtest/gtest.h>

namespace autotuner::net {
namespace {

const std::string chunked =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;note=x\r\nhello\r\n11\r\n, bytes of a body\r\n0\r\nTrailer: t\r\n\r\n";

TEST(HttpResponseReader, DecodesAChunkedBodyWhereverItIsCut) {
  for (std::size_t cut = 0; cut <= chunked.size(); ++cut) {
    HttpResponseReader reader;
    std::string body;
    ASSERT_TRUE(reader.feed(chunked.substr(0, cut), body));
    ASSERT_TRUE(reader.feed(chunked.substr(cut), body));
    ASSERT_EQ(body, "hello, bytes of a body") << cut;
    ASSERT_TRUE(reader.done());
    ASSERT_EQ(reader.status(), 200);
    ASSERT_EQ(reader.header("content-TYPE"), "text/event-stream");
    ASSERT_TRUE(reader.reusable());
  }
}

TEST(HttpResponseReader, TakesItByteByByte) {
  HttpResponseReader reader;
  std::string body;
  for (const char c : chunked) ASSERT_TRUE(reader.feed({&c, 1}, body));
  EXPECT_EQ(body, "hello, bytes of a body");
  EXPECT_TRUE(reader.done());
}

TEST(HttpResponseReader, HandsOnBodyBytesAsTheyCome) {
  HttpResponseReader reader;
  std::string body;
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", body));
  EXPECT_EQ(body, "abc");
  EXPECT_TRUE(reader.has_header());
  EXPECT_FALSE(reader.done());
}

TEST(HttpResponseReader, SwallowsInterimResponses) {
  HttpResponseReader reader;
  std::string body;
  ASSERT_TRUE(
      reader.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", body));
  EXPECT_EQ(reader.status(), 201);
  EXPECT_EQ(body, "ok");
}

TEST(HttpResponseReader, DoesNotReuseAConnectionThatEitherSideCloses) {
  std::string body;
  HttpResponseReader closing;
  ASSERT_TRUE(closing.feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", body));
  EXPECT_TRUE(closing.done());
  EXPECT_FALSE(closing.reusable());
  HttpResponseReader old;
  ASSERT_TRUE(old.feed("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", body));
  EXPECT_FALSE(old.reusable());
  HttpResponseReader more;
  ASSERT_TRUE(more.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", body));
  EXPECT_FALSE(more.reusable()) << "bytes behind the end belong to nothing";
}

TEST(HttpResponseReader, TellsACompleteEndFromATruncatedOne) {
  std::string body;
  HttpResponseReader until_close;
  ASSERT_TRUE(until_close.feed("HTTP/1.1 200 OK\r\n\r\nabc", body));
  EXPECT_TRUE(until_close.close());
  EXPECT_TRUE(until_close.done());
  EXPECT_EQ(body, "abc");

  HttpResponseReader truncated;
  ASSERT_TRUE(truncated.feed(chunked.substr(0, chunked.size() - 20), body));
  EXPECT_EQ(truncated.close().error().message, "the server closed the connection inside the response");
  HttpResponseReader header;
  ASSERT_TRUE(header.feed("HTTP/1.1 2", body));
  EXPECT_EQ(header.close().error().message, "the server closed the connection inside the response header");
  HttpResponseReader silent;
  EXPECT_EQ(silent.close().error().message, "the server closed the connection without a response");
}

TEST(HttpResponseReader, ReportsGarbageAndLimits) {
  std::string body;
  HttpResponseReader garbage;
  const auto refused = garbage.feed("SSH-2.0-x\r\n\r\n", body);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.substr(0, 25), "malformed HTTP response: ");
  HttpResponseReader bad_chunk;
  EXPECT_FALSE(bad_chunk.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", body));
  HttpResponseReader small(HttpLimits{.header_bytes = 100, .body_bytes = 5});
  EXPECT_FALSE(small.feed("HTTP/1.1 200 OK\r\nX: " + std::string(200, 'x') + "\r\n\r\n", body));
  HttpResponseReader long_body(HttpLimits{.header_bytes = 100, .body_bytes = 5});
  EXPECT_FALSE(long_body.feed("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n123456", body));
}

TEST(HttpResponseReader, TakesALastChunkInAnyPieces) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string last = "0\r\n\r\n";
  for (std::size_t first = 1; first < last.size(); ++first) {
    for (std::size_t second = first; second < last.size(); ++second) {
      HttpResponseReader reader;
      std::string body;
      ASSERT_TRUE(reader.feed(head + last.substr(0, first), body));
      ASSERT_TRUE(reader.feed(last.substr(first, second - first), body));
      ASSERT_TRUE(reader.feed(last.substr(second), body));
      ASSERT_TRUE(reader.done()) << first << " " << second;
      ASSERT_EQ(body, "");
    }
  }
}

TEST(HttpResponseReader, ReportsAMalformedLastChunk) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string last : {"0\r\nx", "0\r\n\rx\r\n\r\n", "0garbage\r\n\r\n", "00;\r\n\r\n"}) {
    HttpResponseReader reader;
    std::string body;
    bool ok = reader.feed(head, body).has_value();
    for (const char c : last) ok = ok && reader.feed({&c, 1}, body);
    EXPECT_FALSE(ok && reader.close()) << last;
    EXPECT_FALSE(reader.done()) << last;
  }
}

TEST(HttpResponseReader, KeepsNoEndlessTrailer) {
  HttpResponseReader reader;
  std::string body;
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", body));
  const std::string piece(100'000, 'x');
  int pieces = 0;
  while (pieces < 100 && reader.feed(piece, body)) ++pieces;
  EXPECT_EQ(pieces, 10);
}

TEST(HttpResponseReader, ReadsTheNextResponseAfterAReset) {
  HttpResponseReader reader;
  std::string body;
  ASSERT_TRUE(reader.feed(chunked, body));
  reader.reset();
  EXPECT_FALSE(reader.started());
  body.clear();
  ASSERT_TRUE(reader.feed("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", body));
  EXPECT_EQ(reader.status(), 404);
  EXPECT_EQ(body, "gone");
}

}  // namespace
}  // namespace autotuner::net
