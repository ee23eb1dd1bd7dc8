#include "simulator/server.hpp"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
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

std::string long_request(int tokens) {
  return R"({"prompt":[1],"ignore_eos":true,"stream":true,"max_tokens":)" + std::to_string(tokens) + "}";
}

std::vector<std::string> events_of(const std::string& body) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = body.find("\n\n", at);
    EXPECT_NE(end, std::string::npos);
    if (end == std::string::npos) break;
    EXPECT_EQ(body.substr(at, 6), "data: ");
    events.push_back(body.substr(at + 6, end - at - 6));
    at = end + 2;
  }
  return events;
}

base::Json json_of(const std::string& text) {
  const auto json = base::parse_json(text);
  EXPECT_TRUE(json) << text;
  return json ? *json : base::Json();
}

TEST(Server, TellsItsHealthItsModelAndThatItIsSimulated) {
  const Running server(quick_options({"--model", "demo-1b"}));
  const auto health = exchange(server.port(), "GET", "/health");
  EXPECT_EQ(health.status, 200);
  EXPECT_THAT(health.head, HasSubstr("x-simulated: true\r\n"));
  const auto models = json_of(exchange(server.port(), "GET", "/v1/models").body);
  EXPECT_EQ(models["data"][0]["id"], "sim/demo-1b");
  EXPECT_EQ(models["data"][0]["max_model_len"], 32768);
  EXPECT_EQ(json_of(exchange(server.port(), "GET", "/version?x=1").body)["simulated"], true);
}

TEST(Server, IsNotReadyBeforeItsStartUpTime) {
  const Running server(quick_options({"--startup-s", "1000"}));
  for (const auto* const path : {"/health", "/v1/models"}) {
    const auto response = exchange(server.port(), "GET", path);
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, HasSubstr("the engine is starting (simulated)"));
  }
  EXPECT_EQ(exchange(server.port(), "POST", "/v1/completions", streamed).status, 503);
  EXPECT_EQ(exchange(server.port(), "GET", "/metrics").status, 200);
}

TEST(Server, AnswersACompletionAsAWhole) {
  const Running server(quick_options());
  const auto response = exchange(server.port(), "POST", "/v1/completions",
                                 R"({"prompt":"hello world","max_tokens":4,"ignore_eos":true})");
  EXPECT_EQ(response.status, 200);
  const auto body = json_of(response.body);
  EXPECT_EQ(body["object"], "text_completion");
  EXPECT_EQ(body["system_fingerprint"], "simulated");
  EXPECT_EQ(body["model"], "sim/demo-8b");
  EXPECT_EQ(body["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(body["usage"],
            base::Json::parse(R"({"prompt_tokens":2,"completion_tokens":4,"total_tokens":6})"));
  const auto count = exchange(server.port(), "POST", "/tokenize",
                              base::to_compact_text(base::Json{{"prompt", body["choices"][0]["text"]}}));
  EXPECT_EQ(json_of(count.body)["count"], 4);
}

TEST(Server, AnswersAChatAsAWhole) {
  const Running server(quick_options());
  const auto body = json_of(exchange(server.port(), "POST", "/v1/chat/completions", short_chat).body);
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["choices"][0]["message"]["role"], "assistant");
  EXPECT_FALSE(body["choices"][0]["message"]["content"].get<std::string>().empty());
  EXPECT_EQ(body["usage"]["completion_tokens"], 3);
}

TEST(Server, StreamsOneEventForEachTokenThenUsageThenDone) {
  const Running server(quick_options());
  const auto response = exchange(server.port(), "POST", "/v1/completions", streamed);
  EXPECT_THAT(response.head, HasSubstr("content-type: text/event-stream"));
  const auto events = events_of(response.body);
  ASSERT_EQ(events.size(), 7U);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto event = json_of(events[i]);
    EXPECT_EQ(event["system_fingerprint"], "simulated");
    EXPECT_EQ(event["choices"][0]["finish_reason"], i == 4 ? base::Json("length") : base::Json());
    EXPECT_FALSE(event["choices"][0]["text"].get<std::string>().empty());
    EXPECT_FALSE(event.contains("usage"));
  }
  const auto usage = json_of(events[5]);
  EXPECT_TRUE(usage["choices"].empty());
  EXPECT_EQ(usage["usage"]["total_tokens"], 7);
  EXPECT_EQ(events[6], "[DONE]");
}

TEST(Server, OpensAChatStreamWithTheRoleAlone) {
  const Running server(quick_options());
  const auto response = exchange(
      server.port(), "POST", "/v1/chat/completions",
      R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":3,"ignore_eos":true,"stream":true})");
  const auto events = events_of(response.body);
  ASSERT_EQ(events.size(), 5U);
  const auto first = json_of(events[0]);
  EXPECT_EQ(first["object"], "chat.completion.chunk");
  EXPECT_EQ(first["choices"][0]["delta"], base::Json::parse(R"({"role":"assistant","content":""})"));
  EXPECT_FALSE(json_of(events[1])["choices"][0]["delta"].contains("role"));
  EXPECT_EQ(events[4], "[DONE]");
}

TEST(Server, GivesTheSameAnswerStreamedOrNot) {
  const Running server(quick_options());
  const auto whole = json_of(exchange(server.port(), "POST", "/v1/completions",
                                      R"({"prompt":[1,2],"max_tokens":5,"ignore_eos":true})")
                                 .body);
  std::string text;
  for (const auto& event : events_of(exchange(server.port(), "POST", "/v1/completions", streamed).body)) {
    if (event == "[DONE]") break;
    const auto json = json_of(event);
    if (!json["choices"].empty()) text += json["choices"][0]["text"].get<std::string>();
  }
  EXPECT_EQ(whole["choices"][0]["text"], text);
}

TEST(Server, RefusesInOpenAisShape) {
  const Running server(quick_options({"--max-model-len", "100"}));
  const auto error_of = [&](std::string_view method, std::string_view path, std::string_view body,
                            int status) {
    const auto response = exchange(server.port(), method, path, body);
    EXPECT_EQ(response.status, status) << path << " " << body;
    const auto error = json_of(response.body)["error"];
    EXPECT_TRUE(error["message"].is_string());
    EXPECT_TRUE(error["type"].is_string());
    EXPECT_TRUE(error.contains("param"));
    EXPECT_EQ(error["code"], status);
    return error["message"].get<std::string>();
  };
  EXPECT_EQ(error_of("GET", "/v2/models", "", 404), "there is no /v2/models");
  EXPECT_EQ(error_of("GET", "/v1/completions", "", 405), "/v1/completions takes POST, not GET");
  EXPECT_EQ(error_of("BREW", "/health", "", 405), "/health takes GET, not BREW");
  EXPECT_THAT(error_of("POST", "/v1/completions", "{", 400), HasSubstr("the body is not JSON"));
  EXPECT_THAT(error_of("POST", "/v1/completions", R"({"prompt":[1],"max_tokens":100})", 400),
              HasSubstr("the maximum context length is 100 tokens"));
  EXPECT_THAT(error_of("POST", "/v1/completions", R"({"prompt":[1],"model":"gpt"})", 404),
              HasSubstr("'gpt'"));
  EXPECT_EQ(
      exchange(server.port(), "GET", "/v1/completions").head.find("allow: POST\r\n") == std::string::npos,
      false);
}

TEST(Server, AsksForItsKeyUnderV1Only) {
  const Running server(quick_options({"--api-key", "sesame"}));
  EXPECT_EQ(exchange(server.port(), "GET", "/v1/models").status, 401);
  EXPECT_EQ(exchange(server.port(), "GET", "/v1/models", "", "Authorization: Bearer open\r\n").status, 401);
  EXPECT_EQ(exchange(server.port(), "GET", "/v1/models", "", "Authorization: Bearer sesame\r\n").status, 200);
  EXPECT_EQ(exchange(server.port(), "GET", "/health").status, 200);
}

TEST(Server, KeepsAConnectionForManyRequests) {
  const Running server(quick_options());
  Connection connection(server.port());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection.send(request_text("POST", "/v1/completions", streamed)));
    EXPECT_EQ(events_of(receive_response(connection).body).size(), 7U);
    ASSERT_TRUE(connection.send(request_text("GET", "/health")));
    EXPECT_EQ(receive_response(connection).status, 200);
  }
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
  const Running server(quick_options());
  Connection connection(server.port());
  ASSERT_TRUE(connection.send(request_text("POST", "/v1/completions", streamed) +
                              request_text("POST", "/v1/chat/completions", short_chat) +
                              request_text("GET", "/version")));
  EXPECT_EQ(events_of(receive_response(connection).body).size(), 7U);
  EXPECT_THAT(receive_response(connection).body, HasSubstr("chat.completion"));
  EXPECT_THAT(receive_response(connection).body, HasSubstr("version"));
}

TEST(Server, ReadsARequestSplitAtEveryByte) {
  const Running server(quick_options());
  Connection connection(server.port());
  for (const char byte : request_text("POST", "/v1/completions", streamed)) {
    ASSERT_TRUE(connection.send(std::string_view(&byte, 1)));
  }
  EXPECT_EQ(events_of(receive_response(connection).body).size(), 7U);
}

TEST(Server, ClosesWhenAskedTo) {
  const Running server(quick_options());
  Connection connection(server.port());
  ASSERT_TRUE(connection.send(request_text("POST", "/v1/completions", streamed, "Connection: close\r\n")));
  const auto response = receive_response(connection);
  EXPECT_THAT(response.head, HasSubstr("connection: close"));
  EXPECT_EQ(connection.receive(), "");
  EXPECT_EQ(connection.last_error(), 0);
}

TEST(Server, StreamsWithoutChunksToAnOldClient) {
  const Running server(quick_options());
  Connection connection(server.port());
  ASSERT_TRUE(connection.send("POST /v1/completions HTTP/1.0\r\nContent-Length: " +
                              std::to_string(streamed.size()) + "\r\n\r\n" + std::string(streamed)));
  const auto response = receive_response(connection);
  EXPECT_THAT(response.head, testing::Not(HasSubstr("chunked")));
  EXPECT_EQ(events_of(response.body).size(), 7U);
}

TEST(Server, SaysContinueToAClientThatWaitsForIt) {
  const Running server(quick_options());
  Connection connection(server.port());
  const auto request = request_text("POST", "/v1/completions", streamed, "Expect: 100-continue\r\n");
  const auto body = request.find("\r\n\r\n") + 4;
  ASSERT_TRUE(connection.send(request.substr(0, body)));
  EXPECT_THAT(connection.receive_until("\r\n\r\n"), HasSubstr("100 Continue"));
  ASSERT_TRUE(connection.send(request.substr(body)));
  EXPECT_EQ(events_of(receive_response(connection).body).size(), 7U);
}

TEST(Server, LivesOnAfterGarbage) {
  const Running server(quick_options());
  const std::vector<std::string> garbage{
      "garbage\r\n\r\n",
      std::string(100, '\0'),
      "GET / HTTP/9.9\r\n\r\n",
      "\r\n\r\n\r\n",
      "POST /v1/completions HTTP/1.1\r\n",
      "POST /v1/completions HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
      "POST /v1/completions HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
      "POST /v1/completions HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "GET /health HTTP/1.1\r\nx: " + std::string(100000, 'a') + "\r\n\r\n",
      request_text("POST", "/v1/completions", streamed) + "\x01\x02garbage\r\n\r\n"};
  for (const auto& bytes : garbage) {
    Connection connection(server.port());
    connection.send(bytes);
    connection.set_read_limit(50);
    connection.receive_all();
    connection.close();
    EXPECT_EQ(exchange(server.port(), "GET", "/health").status, 200);
  }
  Connection connection(server.port());
  connection.send("garbage\r\n\r\n");
  EXPECT_EQ(receive_response(connection).status, 400);
}

TEST(Server, GivesTheRoomOfAClientThatLeftToTheNext) {
  const Running server(quick_options({"--max-num-seqs", "1", "--tpot-ms", "1000"}));
  Connection leaver(server.port());
  ASSERT_TRUE(leaver.send(request_text("POST", "/v1/completions", long_request(1000))));
  EXPECT_THAT(leaver.receive_until("\"text\""), HasSubstr("data: "));
  leaver.close();
  EXPECT_EQ(exchange(server.port(), "POST", "/v1/completions", R"({"prompt":[1],"max_tokens":1})").status,
            200);
  EXPECT_THAT(exchange(server.port(), "GET", "/metrics").body, HasSubstr("finished_reason=\"abort\"} 1"));
}

TEST(Server, MakesRequestsWaitForRoomInTheCache) {
  // 1 GB beside the weights holds 7812 tokens of an 8b model.
  const Running server(quick_options({"--gpu-memory-utilization", "0.2125", "--tpot-ms", "100000"}));
  Connection first(server.port());
  ASSERT_TRUE(first.send(request_text("POST", "/v1/completions", long_request(6000))));
  EXPECT_THAT(first.receive_until("\"text\""), HasSubstr("data: "));
  Connection second(server.port());
  std::string prompt = "1";
  for (int i = 1; i < 6000; ++i) prompt += ",1";
  ASSERT_TRUE(second.send(request_text("POST", "/v1/completions",
                                       R"({"max_tokens":1,"stream":true,"prompt":[)" + prompt + "]}")));
  EXPECT_THAT(second.receive_until("\r\n\r\n"), HasSubstr("200 OK"));
  const auto metrics = exchange(server.port(), "GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("sim:num_requests_running{model_name=\"sim/demo-8b\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("sim:num_requests_waiting{model_name=\"sim/demo-8b\"} 1\n"));
  first.close();
  EXPECT_THAT(second.receive_until("[DONE]"), HasSubstr("[DONE]"));
}

TEST(Server, RefusesWhatCanNeverFitTheCache) {
  const Running server(quick_options({"--gpu-memory-utilization", "0.2125"}));
  const auto refused = exchange(server.port(), "POST", "/v1/completions", long_request(7900));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body,
              HasSubstr("the request needs 7901 tokens of KV cache (1 in the prompt, 7900 to generate); "
                        "the engine has 7812"));
}

TEST(Server, CountsWhatItServed) {
  const Running server(quick_options());
  exchange(server.port(), "POST", "/v1/completions", streamed);
  const auto metrics = exchange(server.port(), "GET", "/metrics").body;
  for (const auto* const line :
       {"sim:prompt_tokens_total{model_name=\"sim/demo-8b\"} 2\n",
        "sim:generation_tokens_total{model_name=\"sim/demo-8b\"} 5\n", "finished_reason=\"length\"} 1\n",
        "sim:time_to_first_token_seconds_sum{model_name=\"sim/demo-8b\"} 0.001\n",
        "sim:kv_cache_usage_perc{model_name=\"sim/demo-8b\"} 0\n"}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
}

TEST(Server, ServesHundredsOfStreamsAtOnce) {
  const Running server(quick_options({"--ttft-ms", "20", "--max-num-seqs", "300"}));
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 300; ++i) {
    connections.push_back(std::make_unique<Connection>(server.port()));
    ASSERT_TRUE(connections.back()->send(request_text("POST", "/v1/completions", streamed)));
  }
  for (auto& connection : connections) EXPECT_EQ(events_of(receive_response(*connection).body).size(), 7U);
}

TEST(Server, WaitsForASlowReaderWithoutLosingAByte) {
  const Running server(quick_options({"--ttft-ms", "0", "--tpot-ms", "0"}));
  Connection connection(server.port());
  ASSERT_TRUE(connection.send(request_text("POST", "/v1/completions", long_request(30000))));
  EXPECT_EQ(exchange(server.port(), "GET", "/health").status, 200);
  const auto events = events_of(receive_response(connection).body);
  ASSERT_EQ(events.size(), 30001U);
  EXPECT_EQ(events.back(), "[DONE]");
}

TEST(Server, StopsWhateverRuns) {
  Running server(quick_options({"--tpot-ms", "10000"}));
  Connection stream(server.port());
  ASSERT_TRUE(stream.send(request_text("POST", "/v1/completions", long_request(1000))));
  EXPECT_THAT(stream.receive_until("\"text\""), HasSubstr("data: "));
  const Connection idle(server.port());
  // the stream alone would go on for hours
  server.stop();
  EXPECT_TRUE(server.outcome());
}

TEST(Server, SaysWhyItCantListen) {
  const Running server(quick_options());
  auto options = quick_options();
  options.port = server.port();
  const auto outcome = serve(options, {}, {});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message,
              HasSubstr("can't listen on 127.0.0.1 port " + std::to_string(server.port())));
  options.host = "no such host";
  EXPECT_FALSE(serve(options, {}, {}));
}

TEST(Server, EndsWhenTheModelDoesNotFitTheMemory) {
  const auto outcome = serve(quick_options({"--model", "demo-400b"}), {}, {});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("out of memory (simulated)"));
}

}  // namespace
}  // namespace autotuner::simulator
