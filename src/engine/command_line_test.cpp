#include "engine/command_line.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::engine {
namespace {

space::Point flags_of(const char* json) {
  return space::point_from_json(base::parse_json(json).value()).value();
}

std::string line(const char* json, RuntimeId runtime = RuntimeId::vllm) {
  return base::join(arguments(flags_of(json), runtime), " ");
}

TEST(Arguments, FollowTheVectors) {
  const char* point = R"({"tp-size":2,"mem-fraction-static":0.85,"enable-mixed-chunk":true,
                          "disable-cuda-graph":false,"schedule-policy":"fcfs"})";
  const auto* expected = "--tp-size 2 --mem-fraction-static 0.85 --enable-mixed-chunk --schedule-policy fcfs";
  EXPECT_EQ(line(point, RuntimeId::sglang), expected);
  EXPECT_EQ(line(point, RuntimeId::vllm), expected);
  EXPECT_EQ(line(R"({"__internal":1,"--already":"x","a":null,"l":[1,2],"f":1e-05,"n":0,"neg":-1})"),
            "--already x --l 1 --l 2 --f 1e-05 --n 0 --neg -1");
}

TEST(Arguments, SpellFalseOnlyForSwitchesWithANoForm) {
  EXPECT_EQ(line(R"({"enable-prefix-caching":false,"some-switch":false})"), "--no-enable-prefix-caching");
  EXPECT_EQ(line(R"({"cont-batching":false,"no-mmap":false})", RuntimeId::llamacpp), "--no-cont-batching");
}

TEST(Arguments, KeepTextInOneArgument) {
  EXPECT_EQ(arguments({{"chat-template", "a b; rm -rf"}}, RuntimeId::vllm),
            (std::vector<std::string>{"--chat-template", "a b; rm -rf"}));
}

TEST(Arguments, GiveAListOnceWhereTheFlagTakesManyValues) {
  EXPECT_EQ(line(R"({"cuda-graph-bs":[1,2,4]})", RuntimeId::sglang), "--cuda-graph-bs 1 2 4");
  EXPECT_EQ(line(R"({"cuda-graph-bs":[]})", RuntimeId::sglang), "");
  EXPECT_EQ(line(R"({"lora":["a","b"]})", RuntimeId::llamacpp), "--lora a --lora b");
}

TEST(Arguments, GiveObjectsAsCompactJson) {
  EXPECT_EQ(arguments(flags_of(R"({"speculative-config":{"num":2,"a":[1]}})"), RuntimeId::vllm).at(1),
            R"({"a":[1],"num":2})");
}

TEST(Arguments, SpellNamesAsTheEngineDoes) {
  EXPECT_EQ(line(R"({"tp_size":2})", RuntimeId::sglang), "--tp-size 2");
  EXPECT_EQ(line(R"({"max-batch-size":8,"tp_size":2,"quant-algo":"FP8"})", RuntimeId::tensorrt_llm),
            "--max_batch_size 8 --tp_size 2 --quant-algo FP8");
}

std::string command(RuntimeId runtime, std::vector<std::string> program = {},
                    const space::Point& flags = {}) {
  const Invocation invocation{
      .program = std::move(program), .model = "M", .served_name = "name", .host = "0.0.0.0", .port = 8000};
  return base::join(command_line(invocation, flags, runtime), " ");
}

TEST(CommandLine, FollowsEachEnginesForm) {
  EXPECT_EQ(
      command(RuntimeId::sglang),
      "python3 -m sglang.launch_server --model-path M --host 0.0.0.0 --port 8000 --served-model-name name");
  EXPECT_EQ(command(RuntimeId::vllm), "vllm serve M --host 0.0.0.0 --port 8000 --served-model-name name");
  EXPECT_EQ(command(RuntimeId::vllm, {"python3", "-m", "vllm.entrypoints.openai.api_server"}),
            "python3 -m vllm.entrypoints.openai.api_server --model M --host 0.0.0.0 --port 8000 "
            "--served-model-name name");
  EXPECT_EQ(command(RuntimeId::llamacpp), "llama-server --model M --alias name --host 0.0.0.0 --port 8000");
  EXPECT_EQ(command(RuntimeId::tensorrt_llm, {}, {{"tp_size", 2}}),
            "trtllm-serve M --host 0.0.0.0 --port 8000 --tp_size 2");
  EXPECT_EQ(command(RuntimeId::sim), "autotuner sim --model M --host 0.0.0.0 --port 8000");
}

TEST(CommandLine, LeavesTheServedNameToTheUser) {
  EXPECT_EQ(command(RuntimeId::vllm, {}, {{"served-model-name", "mine"}}),
            "vllm serve M --host 0.0.0.0 --port 8000 --served-model-name mine");
}

TEST(ShellQuote, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quote("/models/a-b_c.gguf"), "/models/a-b_c.gguf");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("a b"), "'a b'");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote("$(rm)"), "'$(rm)'");
  EXPECT_EQ(shell_quote("a\nb"), "'a\nb'");
}

TEST(ShellLine, PutsTheEnvironmentInFront) {
  EXPECT_EQ(shell_line({{"OMP_WAIT_POLICY", "passive"}, {"A", "x y"}}, {"llama-server", "--model", "m.gguf"}),
            "A='x y' OMP_WAIT_POLICY=passive llama-server --model m.gguf");
}

TEST(ShellLine, KeepsMaskedSecretsExpandableAndNothingElse) {
  const auto masked = masked_command({"vllm", "serve", "M", "--api-key", "k", "--chat-template", "$HOME"});
  EXPECT_EQ(shell_line({{"HF_TOKEN", "secret"}}, masked),
            "HF_TOKEN=\"$HF_TOKEN\" vllm serve M --api-key \"$API_KEY\" --chat-template '$HOME'");
}

TEST(IsSecretName, FollowsTheVectors) {
  for (const auto* name : {"HF_TOKEN", "MY_SECRET_KEY", "api-key", "--api-key", "hf_token", "db_password",
                           "CLIENT_SECRET", "openai_api_key"}) {
    EXPECT_TRUE(is_secret_name(name)) << name;
  }
  for (const auto* name : {"TOKENIZERS_PARALLELISM", "PATH", "max-num-batched-tokens", "SECRETARY", ""}) {
    EXPECT_FALSE(is_secret_name(name)) << name;
  }
}

TEST(MaskUrls, HidesUserInfoAndKeepsTheRest) {
  EXPECT_EQ(mask_urls("http://u:p@h"), "http://***@h");
  EXPECT_EQ(mask_urls("see http://u@h:1/a@b and https://plain/x, ok"),
            "see http://***@h:1/a@b and https://plain/x, ok");
  EXPECT_EQ(mask_urls("no url a@b"), "no url a@b");
  EXPECT_EQ(mask_urls("://"), "://");
  EXPECT_EQ(mask_urls("x://a:b@c@d"), "x://***@d");
}

TEST(Masked, HidesTheValuesOfSecretsInPointsAndInText) {
  const space::Point flags{{"api-key", "s3cret"}, {"port", 1}, {"hf-token", space::Value()}};
  EXPECT_EQ(space::to_text(masked(flags)),
            space::to_text(space::Point{{"api-key", "***"}, {"port", 1}, {"hf-token", space::Value()}}));
  EXPECT_EQ(masked("key s3cret, token hf_abc, port 1", flags, {{"HF_TOKEN", "hf_abc"}, {"PATH", "port"}}),
            "key ***, token ***, port 1");
  EXPECT_EQ(masked("a word", {{"api-key", "a"}}, {}), "a word") << "a short value turns up by chance";
  EXPECT_EQ(masked("it is true", {}, {{"DISABLE_IMPLICIT_TOKEN", "true"}}), "it is true");
  EXPECT_EQ(masked("one-key and two-key", {{"api-key", space::JsonValue{R"(["one-key","two-key"])"}}}, {}),
            "*** and ***");
}

TEST(Masked, HidesPasswordsOfProxiesHoweverTheyArePrinted) {
  const std::map<std::string, std::string> variables{{"HTTPS_PROXY", "http://ann:pa55word@proxy:3128"},
                                                     {"MIRROR", "ssh://admin@host/x"}};
  EXPECT_EQ(masked("via http://ann:pa55word@proxy:3128, password pa55word, ann, admin of admin@host", {},
                   variables),
            "via http://***@proxy:3128, password ***, ann, admin of ***host");
  EXPECT_EQ(masked("ann:pa55word", {{"hub", "http://ann:pa55word@h"}}, {}), "***");
}

TEST(MaskedCommand, ReplacesTheValuesOfSecretFlags) {
  EXPECT_EQ(masked_command({"x", "--api-key", "one", "two", "--port", "1"}),
            (std::vector<std::string>{"x", "--api-key", "$API_KEY", "--port", "1"}));
  EXPECT_EQ(masked_command({"x", "--hf-token=abc", "--rpc", "http://u:p@h"}),
            (std::vector<std::string>{"x", "--hf-token=$HF_TOKEN", "--rpc", "http://***@h"}));
  EXPECT_EQ(masked_command({"x", "--api-key"}), (std::vector<std::string>{"x", "--api-key"}));
  EXPECT_TRUE(masked_command({}).empty());
}

TEST(Environment, WritesBothCasesAndNothingForEmptySettings) {
  const auto variables =
      environment({.http_proxy = "http://p:1", .hf_token = "t", .gpu_uuids = {"GPU-a", "GPU-b"}});
  EXPECT_EQ(variables.at("http_proxy"), "http://p:1");
  EXPECT_EQ(variables.at("HTTP_PROXY"), "http://p:1");
  EXPECT_EQ(variables.at("NO_PROXY"), "localhost,127.0.0.1");
  EXPECT_EQ(variables.at("HUGGING_FACE_HUB_TOKEN"), "t");
  EXPECT_EQ(variables.at("CUDA_VISIBLE_DEVICES"), "GPU-a,GPU-b");
  EXPECT_EQ(variables.at("CUDA_DEVICE_ORDER"), "PCI_BUS_ID");
  EXPECT_FALSE(variables.contains("HTTPS_PROXY"));
  EXPECT_FALSE(variables.contains("HF_HOME"));
  EXPECT_TRUE(environment({.no_proxy = ""}).empty());
}

TEST(WhyNotAParameter, RefusesSecretsAndWhatWeSet) {
  EXPECT_EQ(why_not_a_parameter("OMP_WAIT_POLICY"), std::nullopt);
  EXPECT_EQ(why_not_a_parameter("VLLM_CPU_KVCACHE_SPACE"), std::nullopt);
  EXPECT_EQ(why_not_a_parameter("CUDA_VISIBLE_DEVICES"), "is a variable that autotuner sets itself");
  EXPECT_EQ(why_not_a_parameter("http_proxy"), "is a variable that autotuner sets itself");
  EXPECT_EQ(why_not_a_parameter("MY_API_KEY"),
            "names a secret, which can't be a parameter; secrets are settings");
  EXPECT_EQ(why_not_a_parameter("1A"), "is no name of a variable; must be letters, digits and underscores");
  EXPECT_TRUE(why_not_a_parameter("").has_value());
}

struct NameCase {
  std::string input, container, local, k8s;
};

TEST(SanitizeName, FollowsTheVectors) {
  const NameCase cases[] = {
      {"My Task #1", "my-task-1", "my-task-1", "my-task-1"},
      {"task_with_underscores", "task_with_underscores", "task_with_underscores", "task-with-underscores"},
      {"123-task", "123-task", "123-task", "task-123-task"},
      {"9", "9", "9", "task-9"},
      {"Llama-3.2-1B", "llama-3.2-1b", "llama-3-2-1b", "llama-3-2-1b"},
      {"a.b..c", "a.b..c", "a-b-c", "a-b-c"},
      {"UPPER__case", "upper__case", "upper__case", "upper-case"},
      {"Ünïcode-名", "n-code", "n-code", "n-code"},
      {"_x_", "x", "x", "x"},
      {"-lead-and-trail-", "lead-and-trail", "lead-and-trail", "lead-and-trail"},
      {"task.", "task", "task", "task"},
      {"", "task", "task", "task"},
      {"---", "task", "task", "task"},
      {"Exp 01/02", "exp-01-02", "exp-01-02", "exp-01-02"},
      {"meta-llama/Llama-3.2-1B-Instruct", "meta-llama-llama-3.2-1b-instruct",
       "meta-llama-llama-3-2-1b-instruct", "meta-llama-llama-3-2-1b-instruct"},
      {std::string(300, 'x'), std::string(119, 'x') + "-0d4e2ca9", std::string(119, 'x') + "-0d4e2ca9",
       std::string(41, 'x') + "-0d4e2ca9"},
      {std::string(60, 'A'), std::string(60, 'a'), std::string(60, 'a'), std::string(41, 'a') + "-c5fb235b"},
  };
  for (const auto& [input, container, local, k8s] : cases) {
    EXPECT_EQ(sanitize_name(input, NameProfile::container), container) << input;
    EXPECT_EQ(sanitize_name(input, NameProfile::local), local) << input;
    EXPECT_EQ(sanitize_name(input, NameProfile::k8s), k8s) << input;
  }
}

TEST(ServiceName, JoinsSanitizedPartsAndStaysApartWhenCut) {
  EXPECT_EQ(service_name("default", "My Task", 3, NameProfile::local), "default-my-task-exp3");
  EXPECT_EQ(service_name("", "My Task", 3, NameProfile::k8s), "my-task-exp3");
  const std::string longest(200, 'x');
  const auto one = service_name("ns", longest, 1, NameProfile::container);
  EXPECT_EQ(one.size(), 128U);
  EXPECT_NE(one, service_name("ns", longest, 2, NameProfile::container));
}

}  // namespace
}  // namespace autotuner::engine
