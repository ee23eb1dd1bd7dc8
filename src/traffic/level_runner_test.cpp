#include "traffic/level_runner.hpp"

#include <algorithm>
#include <atomic>

#include <gtest/gtest.h>
#include <sched.h>

#include "tests/support/scripted_server.hpp"

namespace autotuner::traffic {
namespace {

using namespace std::chrono_literals;
using tests::ScriptedConnection;
using tests::ScriptedServer;
namespace answers = tests::answers;

/// A closed loop against a scripted server, with a deadline that only a hang can reach.
struct Level {
  explicit Level(const std::string& url, int users, int max_requests, int output_tokens = 0)
      : pacing(users, max_requests, Nanoseconds(0)),
        requests({PreparedRequest{
            "POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n{}", 7,
            output_tokens}}) {
    plan.endpoint.url = *net::parse_url(url);
    plan.users = users;
    plan.pacing = &pacing;
    plan.requests = &requests;
    plan.until.push_back(stop_at(std::chrono::steady_clock::now() + 60s));
  }

  load::LevelRun run(std::stop_token stop = {}) {
    auto result = run_level(plan, std::move(stop));
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_NE(result->stopped, "deadline");
    return std::move(*result);
  }

  ClosedLoop pacing;
  PreparedRequests requests;
  LevelPlan plan;
};

load::RequestRecord single(ScriptedServer::Script script, std::chrono::duration<double> timeout = 60s) {
  ScriptedServer server(std::move(script));
  Level level(server.url(), 1, 1);
  level.plan.request_timeout = timeout;
  auto run = level.run();
  EXPECT_EQ(run.records.size(), 1U);
  return run.records.at(0);
}

TEST(LevelRunner, IssuesExactlyMaxRequestsAndCountsEachAnswer) {
  ScriptedServer server(ScriptedServer::answering([](const std::string&) { return answers::chat(11, 5); }));
  Level level(server.url(), 4, 30, 5);
  const auto run = level.run();
  ASSERT_EQ(run.records.size(), 30U);
  for (const auto& record : run.records) {
    EXPECT_TRUE(record.ok()) << record.error_message;
    EXPECT_EQ(record.input_tokens, 11);
    EXPECT_EQ(record.output_tokens, 5);
    EXPECT_EQ(record.chunks.size(), 5U);
    EXPECT_FALSE(record.short_answer);
    EXPECT_EQ(record.scheduled, record.sent);
    EXPECT_LE(record.sent, *record.first_token);
    EXPECT_LE(*record.first_token, *record.last_token);
    EXPECT_LE(*record.last_token, *record.end);
    EXPECT_LE(*record.end, run.duration);
  }
  EXPECT_EQ(run.stopped, "max_requests");
  EXPECT_EQ(server.connections(), 4) << "connections are kept";
  EXPECT_EQ(run.client.events, 150U);
  EXPECT_GE(run.client.peak_in_flight, 1);
  EXPECT_LE(run.client.peak_in_flight, 4);
}

TEST(LevelRunner, SpreadsUsersOverSeveralThreads) {
  ScriptedServer server(ScriptedServer::answering([](const std::string&) { return answers::chat(3, 2); }));
  Level level(server.url(), 6, 50);
  level.plan.threads = 3;
  const auto run = level.run();
  EXPECT_EQ(run.records.size(), 50U);
  EXPECT_EQ(server.connections(), 6);
}

/// A closed loop that notes on how many CPUs its askers may run.
class WatchedLoop final : public Pacing {
 public:
  explicit WatchedLoop(ClosedLoop& loop) : loop_(loop) {}
  std::optional<Turn> next(int user, Nanoseconds now) override {
    cpu_set_t mask;
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
      most_cpus = std::max(most_cpus.load(), CPU_COUNT(&mask));
    return loop_.next(user, now);
  }
  bool is_open_loop() const override { return false; }
  std::atomic<int> most_cpus{0};

 private:
  ClosedLoop& loop_;
};

TEST(LevelRunner, SendsFromTheCpusThatItWasGivenOnly) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int first = 0;
  while (!CPU_ISSET(static_cast<std::size_t>(first), &allowed)) ++first;
  ScriptedServer server(ScriptedServer::answering([](const std::string&) { return answers::chat(3, 2); }));
  Level level(server.url(), 4, 8);
  WatchedLoop watched(level.pacing);
  level.plan.pacing = &watched;
  level.plan.threads = 2;
  level.plan.cpus = {first};
  EXPECT_EQ(level.run().records.size(), 8U);
  EXPECT_EQ(watched.most_cpus, 1);
}

TEST(LevelRunner, StartsUsersOneAfterTheOtherWithinTheRamp) {
  ClosedLoop pacing(4, 100, 1s);
  EXPECT_EQ(pacing.next(2, 0s)->scheduled, 500ms);
  EXPECT_EQ(pacing.next(2, 700ms)->scheduled, 700ms);
  EXPECT_EQ(pacing.next(3, 0s)->scheduled, 750ms);
}

TEST(LevelRunner, DoesNotTakeARoleChunkForTheFirstToken) {
  const auto record = single([](ScriptedConnection& connection) {
    connection.read_request();
    connection.send(answers::stream_head + answers::chunk(answers::role()));
    connection.send(answers::chunk(answers::token("a")) + answers::chunk(answers::usage(4, 2)) +
                    answers::chunk(answers::done) + "0\r\n\r\n");
    connection.wait_until_closed();
  });
  EXPECT_TRUE(record.ok());
  EXPECT_EQ(record.chunks.size(), 1U);
}

TEST(LevelRunner, ReadsAStreamThatIsSplitInOddPlaces) {
  const auto record = single([](ScriptedConnection& connection) {
    connection.read_request();
    connection.send_in_pieces(answers::chat(4, 9), 7);
    connection.wait_until_closed();
  });
  EXPECT_TRUE(record.ok()) << record.error_message;
  EXPECT_EQ(record.output_tokens, 9);
}

TEST(LevelRunner, TellsAResetInsideTheStreamFromARefusedConnection) {
  const auto reset = single([](ScriptedConnection& connection) {
    connection.read_request();
    connection.send(answers::stream_head + answers::chunk(answers::token("a")));
    connection.reset();
  });
  EXPECT_EQ(reset.error_code, 500);
  EXPECT_NE(reset.error_message.find("connection lost"), std::string::npos) << reset.error_message;

  std::string url;
  {
    ScriptedServer gone([](ScriptedConnection&) {});
    url = gone.url();
  }
  Level level(url, 1, 1);
  const auto refused = level.run().records.at(0);
  EXPECT_EQ(refused.error_code, 503);
  EXPECT_EQ(refused.error_message, "no connection: Connection refused");
}

TEST(LevelRunner, ReportsTheStatusAndTheServersWords) {
  const auto busy = single(ScriptedServer::answering([](const std::string&) {
    return answers::plain(429, R"({"error":{"message":"too many requests","code":429}})");
  }));
  EXPECT_EQ(busy.error_code, 429);
  EXPECT_EQ(busy.error_message, "too many requests");
  const auto overloaded =
      single(ScriptedServer::answering([](const std::string&) { return answers::plain(503, "loading"); }));
  EXPECT_EQ(overloaded.error_code, 503);
  EXPECT_EQ(overloaded.error_message, "loading");
}

TEST(LevelRunner, ReportsAnErrorEventInsideA200) {
  const auto record = single([](ScriptedConnection& connection) {
    connection.read_request();
    connection.send(
        answers::stream_head + answers::chunk(answers::token("a")) +
        answers::chunk(answers::event_line(R"({"error":{"message":"out of memory","code":507}})")) +
        "0\r\n\r\n");
    connection.wait_until_closed();
  });
  EXPECT_EQ(record.error_code, 507);
  EXPECT_EQ(record.error_message, "out of memory");
}

TEST(LevelRunner, EndsAStalledStreamAtTheRequestTimeout) {
  const auto record = single(
      [](ScriptedConnection& connection) {
        connection.read_request();
        connection.send(answers::stream_head + answers::chunk(answers::token("a")));
        connection.wait_until_closed();
      },
      50ms);
  EXPECT_EQ(record.error_code, 408);
  EXPECT_EQ(record.error_message, "no complete answer within 0.05 s");
  EXPECT_GE(*record.end - record.sent, 50ms);
  EXPECT_EQ(record.chunks.size(), 1U);
}

TEST(LevelRunner, RefusesBytesThatAreNoHttp) {
  const auto record = single([](ScriptedConnection& connection) {
    connection.read_request();
    connection.send("SSH-2.0-OpenSSH\r\n\r\n");
    connection.wait_until_closed();
  });
  EXPECT_EQ(record.error_code, 500);
  EXPECT_NE(record.error_message.find("malformed HTTP response"), std::string::npos);
}

TEST(LevelRunner, TakesAHalfClosedServerForATruncatedAnswer) {
  const auto record = single([](ScriptedConnection& connection) {
    connection.read_request();
    connection.send(answers::stream_head + answers::chunk(answers::token("a")));
    connection.finish_writing();
    connection.wait_until_closed();
  });
  EXPECT_EQ(record.error_code, 500);
}

TEST(LevelRunner, SendsAgainWhenTheServerClosedAnIdleConnection) {
  // each connection serves one request and closes without having said so
  ScriptedServer server([](ScriptedConnection& connection) {
    if (connection.read_request()) connection.send(answers::chat(3, 2));
  });
  Level level(server.url(), 2, 12);
  const auto run = level.run();
  ASSERT_EQ(run.records.size(), 12U);
  for (const auto& record : run.records)
    EXPECT_TRUE(record.ok()) << *record.error_code << record.error_message;
}

TEST(LevelRunner, KeepsWhatWasInFlightAtTheTimeLimitAsUnfinished) {
  ScriptedServer server([](ScriptedConnection& connection) {
    int served = 0;
    while (connection.read_request()) {
      if (++served > 2) break;
      connection.send(answers::chat(3, 2));
    }
    connection.send(answers::stream_head + answers::chunk(answers::token("a")));
    connection.wait_until_closed();
  });
  Level level(server.url(), 3, 1000);
  level.plan.until.push_back(stop_after(300ms));
  const auto run = level.run();
  EXPECT_EQ(run.stopped, "max_time");
  ASSERT_EQ(run.records.size(), 9U);
  const auto unfinished =
      std::ranges::count_if(run.records, [](const auto& record) { return !record.finished(); });
  EXPECT_EQ(unfinished, 3);
  auto last = base::SteadyTime::duration::zero();
  for (const auto& record : run.records)
    if (record.finished()) last = std::max<base::SteadyTime::duration>(last, *record.end);
  EXPECT_EQ(run.duration, last) << "the end is that of the last counted request";
}

TEST(LevelRunner, EndsAtOnceOnAStopRequest) {
  std::stop_source stop;
  ScriptedServer server([&stop](ScriptedConnection& connection) {
    connection.read_request();
    connection.send(answers::stream_head);
    stop.request_stop();
    connection.wait_until_closed();
  });
  Level level(server.url(), 2, 10);
  // the streams never end: without the stop the level wouldn't either
  const auto run = level.run(stop.get_token());
  EXPECT_EQ(run.stopped, "cancelled");
}

TEST(LevelRunner, EndsWhenTheEngineIsDead) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.read_request();
    connection.wait_until_closed();
  });
  Level level(server.url(), 2, 10);
  level.plan.until.push_back(stop_when_dead([] { return true; }));
  EXPECT_EQ(level.run().stopped, "engine_died");
}

TEST(LevelRunner, NamesAHostThatDoesNotExist) {
  Level level("http://no-such-host.invalid", 1, 1);
  const auto run = run_level(level.plan, {});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, base::ErrorKind::unavailable);
  EXPECT_NE(run.error().message.find("'no-such-host.invalid' can't be resolved"), std::string::npos)
      << run.error().message;
}

}  // namespace
}  // namespace autotuner::traffic
