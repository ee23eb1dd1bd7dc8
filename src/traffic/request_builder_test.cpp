#include "traffic/request_builder.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "traffic/corpus.hpp"

namespace autotuner::traffic {
namespace {

using base::Json;

struct Kitchen {
  explicit Kitchen(std::string_view text) : scenario(*load::Scenario::parse(text)) {
    control.endpoint.url = *net::parse_url("http://host:8000/base");
    control.model = "the \"model\"";
    fit.vocabulary = common_words();
    fit.per_word = 1;
  }
  std::vector<PreparedRequest> build(int count, int longest_output = 0) {
    const RequestRecipe recipe{.workload = workload,
                               .scenario = scenario,
                               .level = {.concurrency = 4, .request_rate = {}},
                               .control = control,
                               .fit = fit,
                               .dataset = dataset,
                               .token_ids = token_ids,
                               .prompt_stream = prompt_stream,
                               .pass = pass};
    auto requests = build_requests(recipe, count, longest_output);
    EXPECT_TRUE(requests) << requests.error().message;
    return requests ? std::move(*requests) : std::vector<PreparedRequest>();
  }
  load::Workload workload;
  load::Scenario scenario;
  Control control;
  TokenFit fit;
  std::vector<std::string> dataset;
  bool token_ids = false;
  std::uint64_t prompt_stream = 0;
  int pass = 0;
};

Json body_of(const PreparedRequest& request) {
  return *base::parse_json(std::string_view(request.bytes).substr(request.bytes.find("\r\n\r\n") + 4));
}

std::string prompt_of(const PreparedRequest& request) {
  return body_of(request).at("messages").back().at("content").get<std::string>();
}

long words_in(const std::string& text) {
  return std::ranges::count(text, ' ') + 1;
}

TEST(RequestBuilder, WritesAWholeChatRequest) {
  Kitchen kitchen("D(20,7)");
  const auto request = kitchen.build(1).at(0);
  EXPECT_TRUE(request.bytes.starts_with("POST /base/v1/chat/completions HTTP/1.1\r\nHost: host:8000\r\n"));
  EXPECT_NE(request.bytes.find("Authorization: Bearer dummy\r\n"), std::string::npos);
  const auto body = body_of(request);
  EXPECT_EQ(body.at("model"), "the \"model\"");
  EXPECT_EQ(body.at("messages").size(), 1U);
  EXPECT_EQ(body.at("max_tokens"), 7);
  EXPECT_EQ(body.at("temperature"), 0.0);
  EXPECT_EQ(body.at("stream"), true);
  EXPECT_EQ(body.at("stream_options").at("include_usage"), true);
  EXPECT_EQ(body.at("ignore_eos"), true);
  EXPECT_EQ(words_in(prompt_of(request)), 20);
  EXPECT_EQ(request.input_tokens, 20);
  EXPECT_EQ(request.output_tokens, 7);
  const auto size = request.bytes.size() - request.bytes.find("\r\n\r\n") - 4;
  EXPECT_NE(request.bytes.find("Content-Length: " + std::to_string(size) + "\r\n"), std::string::npos);
}

TEST(RequestBuilder, MergesAdditionalParametersButKeepsTheStream) {
  Kitchen kitchen("D(5,7)");
  kitchen.workload.additional_params =
      R"({"temperature":0.7,"top_p":0.9,"stream":false,"max_tokens":1,"system_message":"be \"brief\""})";
  kitchen.workload.ignore_eos = false;
  const auto body = body_of(kitchen.build(1).at(0));
  EXPECT_EQ(body.at("temperature"), 0.7);
  EXPECT_EQ(body.at("top_p"), 0.9);
  EXPECT_EQ(body.at("stream"), true);
  EXPECT_EQ(body.at("max_tokens"), 7);
  EXPECT_FALSE(body.contains("ignore_eos"));
  EXPECT_FALSE(body.contains("system_message"));
  EXPECT_EQ(body.at("messages").at(0), (Json{{"role", "system"}, {"content", "be \"brief\""}}));
}

TEST(RequestBuilder, NeverSendsAPromptTwice) {
  Kitchen kitchen("D(30,5)");
  std::set<std::string> prompts;
  std::size_t built = 0;
  for (kitchen.prompt_stream = 0; kitchen.prompt_stream < 3; ++kitchen.prompt_stream) {
    for (kitchen.pass = 0; kitchen.pass < 2; ++kitchen.pass) {
      for (const auto& request : kitchen.build(40)) prompts.insert(prompt_of(request));
      built += 40;
    }
  }
  EXPECT_EQ(prompts.size(), built);
}

TEST(RequestBuilder, DrawsTheSameLengthsForEveryTrialAndTheSameTextForTheSameTrial) {
  Kitchen kitchen("N(100,30)/(50,10)");
  const auto first = kitchen.build(30);
  const auto again = kitchen.build(30);
  kitchen.prompt_stream = 5;
  const auto other = kitchen.build(30);
  std::set<int> lengths;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].bytes, again[i].bytes);
    EXPECT_EQ(first[i].input_tokens, other[i].input_tokens);
    EXPECT_EQ(first[i].output_tokens, other[i].output_tokens);
    EXPECT_NE(prompt_of(first[i]), prompt_of(other[i]));
    lengths.insert(first[i].input_tokens);
  }
  EXPECT_GT(lengths.size(), 5U);
}

TEST(RequestBuilder, SharesAPrefixAndKeepsTheTotal) {
  Kitchen kitchen("D(60,5)");
  kitchen.workload.prefix_len = 40;
  const auto requests = kitchen.build(3);
  const auto shared_words = [](const std::string& a, const std::string& b) {
    const auto end = std::ranges::mismatch(a, b).in1;
    return std::count(a.begin(), end, ' ');
  };
  EXPECT_EQ(shared_words(prompt_of(requests[0]), prompt_of(requests[1])), 40);
  EXPECT_EQ(shared_words(prompt_of(requests[1]), prompt_of(requests[2])), 40);
  EXPECT_EQ(words_in(prompt_of(requests[0])), 40 + 1 + 60 - 40 - 3);
  kitchen.workload.prefix_len.reset();
  kitchen.workload.prefix_ratio = 0.5;
  const auto half = kitchen.build(2);
  EXPECT_EQ(shared_words(prompt_of(half[0]), prompt_of(half[1])), 30);
}

TEST(RequestBuilder, SendsTokenIdsWhereTheyAreTaken) {
  Kitchen kitchen("D(25,5)");
  kitchen.workload.api = load::Api::completions;
  kitchen.token_ids = true;
  kitchen.fit.ids = {11, 12, 13};
  const auto request = kitchen.build(1).at(0);
  EXPECT_TRUE(request.bytes.starts_with("POST /base/v1/completions "));
  const auto prompt = body_of(request).at("prompt");
  ASSERT_EQ(prompt.size(), 25U);
  for (const auto& id : prompt) EXPECT_TRUE(id >= 11 && id <= 13);
}

TEST(RequestBuilder, CutsPromptsFromTheDataset) {
  Kitchen kitchen("D(9,5)");
  kitchen.dataset = {"one two three", "un  deux\ntrois quatre"};
  EXPECT_EQ(words_in(prompt_of(kitchen.build(1).at(0))), 9);
}

TEST(RequestBuilder, SendsRawLinesInTheDatasetScenario) {
  Kitchen kitchen("dataset");
  kitchen.dataset = {"say \"a\"", "b", "c"};
  const auto requests = kitchen.build(3);
  std::set<std::string> prompts;
  for (const auto& request : requests) prompts.insert(prompt_of(request));
  EXPECT_EQ(prompts, (std::set<std::string>{"say \"a\"", "b", "c"}));
  EXPECT_FALSE(body_of(requests[0]).contains("max_tokens"));
  EXPECT_FALSE(body_of(requests[0]).contains("ignore_eos"));
  EXPECT_EQ(body_of(kitchen.build(1, 16).at(0)).at("max_tokens"), 16)
      << "warm requests are short all the same";
}

TEST(RequestBuilder, NamesWhatDoesNotFit) {
  load::Workload workload;
  workload.prefix_len = 100;
  EXPECT_EQ(check_prefix(workload, *load::Scenario::parse("D(60,5)")).error().message,
            "prefix_len is 100; the input of D(60,5) has 60 tokens");
  workload.prefix_len.reset();
  workload.prefix_ratio = 0.5;
  EXPECT_EQ(check_prefix(workload, *load::Scenario::parse("U(10,20)/(1,2)")).error().message,
            "prefix_ratio needs D(i,o) scenarios; 'U(10,20)/(1,2)' is none");
}

}  // namespace
}  // namespace autotuner::traffic
