#include "simulator/ask.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::simulator {
namespace {

using testing::HasSubstr;

Ask asked(Endpoint endpoint, std::string_view body, const Options& options = {}) {
  const auto ask = read_ask(endpoint, body, options);
  EXPECT_TRUE(ask) << ask.error().message;
  return ask ? *ask : Ask{};
}

Refusal refused(Endpoint endpoint, std::string_view body, const Options& options = {}) {
  const auto ask = read_ask(endpoint, body, options);
  EXPECT_FALSE(ask) << body;
  return ask ? Refusal{} : ask.error();
}

TEST(Ask, CountsATextPrompt) {
  const auto ask =
      asked(Endpoint::completions, R"({"prompt":"hello world","max_tokens":7,"ignore_eos":true})");
  EXPECT_EQ(ask.prompt_tokens, 2);
  EXPECT_EQ(ask.output_tokens, 7);
  EXPECT_FALSE(ask.ends_early);
  EXPECT_FALSE(ask.stream);
}

TEST(Ask, TakesTokenIdsAsAPrompt) {
  EXPECT_EQ(asked(Endpoint::completions, R"({"prompt":[5,6,7]})").prompt_tokens, 3);
  EXPECT_EQ(asked(Endpoint::completions, R"({"prompt":[[5,6,7]]})").prompt_tokens, 3);
  EXPECT_EQ(asked(Endpoint::completions, R"({"prompt":["hello world"]})").prompt_tokens, 2);
  EXPECT_EQ(asked(Endpoint::completions, R"({"prompt":""})").prompt_tokens, 1);
}

TEST(Ask, AddsTheChatTemplateToTheMessages) {
  const auto ask = asked(Endpoint::chat, R"({"messages":[{"role":"system","content":"be brief"},
      {"role":"user","content":[{"type":"text","text":"hello world"}]}],"max_completion_tokens":5,"ignore_eos":true})");
  EXPECT_EQ(ask.prompt_tokens, 2 + 2 + 2 * 4 + 3);
  EXPECT_EQ(ask.output_tokens, 5);
}

TEST(Ask, DefaultsToSixteenTokensOrTheRestOfTheContext) {
  EXPECT_EQ(asked(Endpoint::completions, R"({"prompt":"x"})").max_tokens, 16);
  Options options;
  options.max_model_len = 100;
  EXPECT_EQ(asked(Endpoint::chat, R"({"messages":[{"role":"user","content":"x"}]})", options).max_tokens, 92);
}

TEST(Ask, ReadsStreamingAndUsage) {
  EXPECT_TRUE(asked(Endpoint::completions, R"({"prompt":"x","stream":true})").stream);
  EXPECT_TRUE(
      asked(Endpoint::completions, R"({"prompt":"x","stream":true,"stream_options":{"include_usage":true}})")
          .include_usage);
  EXPECT_FALSE(
      asked(Endpoint::completions, R"({"prompt":"x","stream":true,"stream_options":{}})").include_usage);
}

TEST(Ask, EndsSomeAnswersEarlyTheSameWayForTheSamePrompt) {
  int early = 0;
  for (int i = 0; i < 200; ++i) {
    const auto body = R"({"max_tokens":256,"prompt":"number )" + std::to_string(i) + "\"}";
    const auto ask = asked(Endpoint::completions, body);
    EXPECT_EQ(ask.output_tokens, asked(Endpoint::completions, body).output_tokens);
    EXPECT_EQ(ask.output_tokens < 256, ask.ends_early) << ask.output_tokens;
    early += ask.ends_early ? 1 : 0;
  }
  EXPECT_GT(early, 80);
  EXPECT_LT(early, 180);
}

TEST(Ask, HonoursMinTokens) {
  for (int i = 0; i < 50; ++i) {
    const auto prompt = R"("prompt":"number )" + std::to_string(i) + "\"";
    EXPECT_GE(
        asked(Endpoint::completions, R"({"max_tokens":300,"min_tokens":290,)" + prompt + "}").output_tokens,
        290);
  }
  EXPECT_EQ(refused(Endpoint::completions, R"({"prompt":"x","max_tokens":3,"min_tokens":4})").message,
            "min_tokens is 4; must be at most max_tokens, 3");
}

TEST(Ask, RefusesAPromptBeyondTheContext) {
  Options options;
  options.max_model_len = 10;
  const auto refusal = refused(Endpoint::completions, R"({"prompt":[1,2,3,4],"max_tokens":7})", options);
  EXPECT_EQ(refusal.status, 400);
  EXPECT_EQ(
      refusal.message,
      "the maximum context length is 10 tokens; the request asks for 11 (4 in the prompt, 7 to generate)");
  EXPECT_EQ(refusal.param, "max_tokens");
  EXPECT_EQ(refused(Endpoint::chat, R"({"messages":[{"role":"u","content":"a b c d e f"}]})", options).param,
            "messages");
  EXPECT_TRUE(read_ask(Endpoint::completions, R"({"prompt":[1,2,3,4],"max_tokens":6})", options));
}

TEST(Ask, KnowsTheModelByItsIdsOnly) {
  Options options;
  options.model = "demo-8b";
  options.served_model_name = "alias";
  EXPECT_EQ(served_id(options), "sim/alias");
  for (const auto* const name : {"demo-8b", "sim/demo-8b", "alias", "sim/alias"}) {
    EXPECT_TRUE(
        read_ask(Endpoint::completions, R"({"prompt":"x","model":")" + std::string(name) + "\"}", options));
  }
  const auto refusal = refused(Endpoint::completions, R"({"prompt":"x","model":"other"})", options);
  EXPECT_EQ(refusal.status, 404);
  EXPECT_EQ(refusal.message, "the model 'other' does not exist; served is 'sim/alias'");
  options.served_model_name = "sim/alias";
  EXPECT_EQ(served_id(options), "sim/alias");
}

TEST(Ask, NamesTheMemberAtFault) {
  const auto message = [](std::string_view body) { return refused(Endpoint::completions, body).message; };
  EXPECT_THAT(message("{"), HasSubstr("the body is not JSON"));
  EXPECT_EQ(message("[]"), "the body must be a JSON object");
  EXPECT_EQ(message("{}"), "prompt is missing");
  EXPECT_EQ(message(R"({"prompt":{}})"), "prompt must be text or a list of token ids");
  EXPECT_EQ(message(R"({"prompt":[]})"), "prompt must be text or a list of token ids");
  EXPECT_EQ(message(R"({"prompt":[1,"a"]})"), "prompt must be text or a list of token ids");
  EXPECT_EQ(message(R"({"prompt":["a","b"]})"), "2 prompts in one request; must be 1");
  EXPECT_EQ(message(R"({"prompt":[32000]})"), "the prompt has the token id 32000; must be from 0 to 31999");
  EXPECT_EQ(message(R"({"prompt":"x","n":2})"), "n is 2; must be 1");
  EXPECT_EQ(message(R"({"prompt":"x","max_tokens":0})"),
            "max_tokens is 0; must be an integer from 1 to 1000000000");
  EXPECT_EQ(message(R"({"prompt":"x","max_tokens":1.5})"),
            "max_tokens is 1.5; must be an integer from 1 to 1000000000");
  EXPECT_EQ(message(R"({"prompt":"x","max_tokens":18446744073709551615})"),
            "max_tokens is 18446744073709551615; must be an integer from 1 to 1000000000");
  EXPECT_EQ(message(R"({"prompt":"x","stream":"yes"})"), "stream is \"yes\"; must be true or false");
  EXPECT_EQ(message(R"({"prompt":"x","ignore_eos":[1]})"), "ignore_eos is a list; must be true or false");
  EXPECT_EQ(message(R"({"prompt":"x","stream_options":{}})"), "stream_options is given without stream");
  EXPECT_EQ(message(R"({"prompt":"x","stream":true,"stream_options":3})"),
            "stream_options must be an object");
  EXPECT_EQ(message(R"({"prompt":"x","model":7})"), "model is 7; must be text");
}

TEST(Ask, RefusesMessagesThatAreNone) {
  const auto message = [](std::string_view body) { return refused(Endpoint::chat, body).message; };
  EXPECT_EQ(message(R"({"messages":[]})"), "messages must be a list of at least one message");
  EXPECT_EQ(message(R"({"messages":"hi"})"), "messages must be a list of at least one message");
  EXPECT_EQ(message(R"({"messages":["hi"]})"), "each of messages must be an object with a role");
  EXPECT_EQ(message(R"({"messages":[{"role":"user","content":3}]})"),
            "content of a message must be text or a list of parts");
  EXPECT_EQ(message(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})"),
            "each part of a content must have text; nothing else is simulated");
}

TEST(Ask, SurvivesDeepNestingAndEveryCutOfABody) {
  const std::string deep(20000, '[');
  EXPECT_FALSE(read_ask(Endpoint::completions, R"({"prompt":)" + deep, {}));
  EXPECT_FALSE(read_ask(Endpoint::completions, R"({"model":)" + deep + std::string(20000, ']') + "}", {}));
  const std::string body =
      R"({"model":"sim/demo-8b","messages":[{"role":"user","content":"h\u00e9"}],"stream":true,"n":1,"max_tokens":3})";
  for (std::size_t end = 0; end < body.size(); ++end) {
    EXPECT_EQ(refused(Endpoint::chat, std::string_view(body).substr(0, end)).status, 400);
  }
  EXPECT_TRUE(read_ask(Endpoint::chat, body, {}));
}

TEST(Tokenize, AnswersInTheFormOfTheQuestion) {
  EXPECT_THAT(*answer_tokenize(R"({"prompt":"hello world"})", {}),
              HasSubstr(R"({"count":2,"max_model_len":32768,"tokens":[)"));
  EXPECT_THAT(*answer_tokenize(R"({"messages":[{"role":"user","content":"hello world"}]})", {}),
              HasSubstr(R"("count":9)"));
  EXPECT_TRUE(answer_tokenize(R"({"content":"hello"})", {})->starts_with(R"({"tokens":[)"));
  EXPECT_FALSE(answer_tokenize("{}", {}));
  EXPECT_FALSE(answer_tokenize("", {}));
}

}  // namespace
}  // namespace autotuner::simulator
