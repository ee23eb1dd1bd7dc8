#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "simulator/server.hpp"
#include "tests/support/blocking_http.hpp"
#include "tests/support/running_simulator.hpp"

namespace autotuner::simulator {
namespace {

using testing::HasSubstr;
using tests::Connection;
using tests::exchange;
using tests::quick_options;
using tests::receive_response;
using tests::request_text;
using tests::short_chat;
using tests::streamed;
using Running = tests::RunningSimulator;

TEST(Faults, EndTheEngineAtItsStart) {
  EXPECT_EQ(serve(quick_options({"--fail", "start"}), {}, {}).error().message, "failed to start (simulated)");
  EXPECT_EQ(serve(quick_options({"--fail", "oom"}), {}, {}).error().message, "out of memory (simulated)");
}

TEST(Faults, EndTheEngineOnTheFifthRequest) {
  Running server(quick_options({"--fail", "oom-load"}));
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(exchange(server.port(), "POST", "/v1/completions", streamed).status, 200);
  exchange(server.port(), "POST", "/v1/completions", streamed);
  const auto outcome = server.outcome();
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("out of memory (simulated)"));
}

TEST(Faults, EndTheEngineAfterItsTime) {
  Running server(quick_options({"--fail", "die-after-0.05s"}));
  const auto outcome = server.outcome();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "died 0.05 s after it was ready (simulated)");
}

TEST(FaultsDeathTest, EndTheProcessByASignal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto die_by = [](const char* signal) {
    static_cast<void>(serve(quick_options({"--fail", "die-after-0s", "--die-signal", signal}), {}, {}));
    std::_Exit(0);
  };
  EXPECT_EXIT(die_by("9"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(die_by("11"), testing::KilledBySignal(SIGSEGV), "");
}

TEST(Faults, LeaveEveryQuestionUnanswered) {
  const Running server(quick_options({"--fail", "hang"}));
  Connection connection(server.port());
  ASSERT_TRUE(connection.send(request_text("GET", "/health")));
  connection.set_read_limit(100);
  EXPECT_EQ(connection.receive(), "");
  EXPECT_EQ(connection.last_error(), EAGAIN);
}

TEST(Faults, RefuseConnections) {
  Running server(quick_options({"--fail", "refuse"}));
  EXPECT_NE(server.port(), 0);
  EXPECT_FALSE(Connection(server.port()).connected());
  server.stop();
  EXPECT_TRUE(server.outcome());
}

TEST(Faults, AnswerWithTheirStatusWhileHealthIsGood) {
  for (const int status : {429, 503}) {
    const Running server(quick_options({"--fail", std::to_string(status)}));
    const auto response = exchange(server.port(), "POST", "/v1/completions", streamed);
    EXPECT_EQ(response.status, status);
    EXPECT_THAT(response.body, HasSubstr("(simulated)"));
    EXPECT_EQ(response.head.find("retry-after: 1") != std::string::npos, status == 429);
    EXPECT_EQ(exchange(server.port(), "GET", "/health").status, 200);
  }
}

TEST(Faults, HitTheirShareOfTheRequestsByTheSeed) {
  const auto failures = [](const char* seed) {
    const Running server(
        quick_options({"--fail", "error-rate-0.3", "--seed", seed, "--ttft-ms", "0", "--tpot-ms", "0"}));
    Connection connection(server.port());
    std::string hits;
    for (int i = 0; i < 200; ++i) {
      connection.send(request_text("POST", "/v1/completions", R"({"prompt":[1],"max_tokens":1})"));
      hits += receive_response(connection).status == 500 ? '1' : '0';
    }
    return hits;
  };
  const auto hits = failures("1");
  const auto count = std::count(hits.begin(), hits.end(), '1');
  EXPECT_GT(count, 40);
  EXPECT_LT(count, 80);
  EXPECT_EQ(hits, failures("1"));
  EXPECT_NE(hits, failures("2"));
}

TEST(Faults, ResetTheConnectionAfterTheThirdToken) {
  const Running server(quick_options({"--fail", "reset"}));
  Connection stream(server.port());
  ASSERT_TRUE(stream.send(request_text("POST", "/v1/completions", streamed)));
  stream.receive_all();
  EXPECT_EQ(stream.last_error(), ECONNRESET);
  Connection whole(server.port());
  ASSERT_TRUE(whole.send(request_text("POST", "/v1/chat/completions", short_chat)));
  EXPECT_EQ(whole.receive_all(), "");
  EXPECT_EQ(whole.last_error(), ECONNRESET);
}

TEST(Faults, StallAfterTheThirdToken) {
  const Running server(quick_options({"--fail", "stall"}));
  Connection stream(server.port());
  ASSERT_TRUE(stream.send(request_text("POST", "/v1/completions", streamed)));
  stream.set_read_limit(200);
  const auto text = stream.receive_all();
  EXPECT_EQ(stream.last_error(), EAGAIN);
  std::size_t tokens = 0;
  for (auto at = text.find("\"text\""); at != std::string::npos; at = text.find("\"text\"", at + 1)) ++tokens;
  EXPECT_EQ(tokens, 3U);
}

TEST(Faults, SendGarbageForJson) {
  const Running server(quick_options({"--fail", "garbage"}));
  const auto stream = exchange(server.port(), "POST", "/v1/completions", streamed);
  EXPECT_EQ(stream.status, 200);
  EXPECT_FALSE(stream.body.empty());
  EXPECT_THAT(stream.body, testing::Not(HasSubstr("[DONE]")));
  const auto whole = exchange(server.port(), "POST", "/v1/chat/completions", short_chat);
  EXPECT_EQ(whole.status, 200);
  EXPECT_FALSE(base::parse_json(whole.body));
  EXPECT_EQ(exchange(server.port(), "POST", "/v1/completions", "{").status, 400);
}

}  // namespace
}  // namespace autotuner::simulator
