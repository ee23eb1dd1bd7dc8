#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include "tests/support/scripted_server.hpp"

namespace autotuner::net {
namespace {

using tests::ScriptedConnection;
using tests::ScriptedServer;
namespace answers = tests::answers;

TEST(HttpClient, SendsMethodHeadersAndBody) {
  std::string seen;
  HttpResponse response;
  {
    ScriptedServer server(ScriptedServer::answering([&seen](const std::string& request) {
      seen = request;
      return answers::plain(201, "made");
    }));
    const auto result =
        send({.method = "POST", .url = server.url() + "/x?y=1", .headers = {{"X-Key", "k"}}, .body = "{}"});
    ASSERT_TRUE(result) << result.error().message;
    response = *result;
  }
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "made");
  EXPECT_EQ(response.header("content-type"), "application/json");
  EXPECT_TRUE(seen.starts_with("POST /x?y=1 HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("X-Key: k\r\n"), std::string::npos);
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{}"));
}

TEST(HttpClient, TellsTimeoutsFromRefusedConnections) {
  ScriptedServer silent([](ScriptedConnection& connection) { connection.wait_until_closed(); });
  const auto late = send({.url = silent.url(), .timeout = std::chrono::milliseconds(30)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::timed_out);
  const auto bad = send({.url = "gopher://x"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, base::ErrorKind::invalid_input);
  std::string url;
  {
    ScriptedServer gone([](ScriptedConnection&) {});
    url = gone.url();
  }
  const auto refused = send({.url = url});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::unavailable);
  EXPECT_NE(refused.error().message.find(url), std::string::npos);
}

TEST(HttpClient, EndsAtOnceOnAStopRequest) {
  std::stop_source stop;
  ScriptedServer silent([&stop](ScriptedConnection& connection) {
    connection.read_request();
    stop.request_stop();
    connection.wait_until_closed();
  });
  const auto result = send({.url = silent.url()}, stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::cancelled);
}

TEST(HttpClient, RefusesBodiesOverTheLimit) {
  ScriptedServer server(ScriptedServer::answering(
      [](const std::string&) { return answers::plain(200, std::string(2000, 'x')); }));
  const auto result = send({.url = server.url(), .max_body = 1000});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("longer than the limit of 1000 bytes"), std::string::npos);
}

}  // namespace
}  // namespace autotuner::net
