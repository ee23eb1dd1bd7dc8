#include "traffic/prompt_rows.hpp"

#include <gtest/gtest.h>

namespace autotuner::traffic {
namespace {

using Prompt = std::optional<std::string>;

TEST(PromptRows, FindsThePromptOfARecordedRequest) {
  EXPECT_EQ(prompt_of_body(R"({"prompt":"hi"})"), Prompt("hi"));
  EXPECT_EQ(prompt_of_body(R"({\"prompt\":\"hi \\"x\\" \"})"), Prompt("hi \"x\" "));
  EXPECT_EQ(prompt_of_body(R"({"prompt":"say \"hi\" ok"})"), Prompt("say \"hi\" ok"));
  EXPECT_EQ(prompt_of_body(R"({\"prompt\":\"say \\\"hi\\\" ok\"})"), Prompt("say \"hi\" ok"));
}

TEST(PromptRows, TakesTheLastUserMessageWithContent) {
  EXPECT_EQ(
      prompt_of_body(
          R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"u1"},)"
          R"({"role":"assistant","content":"a"},{"role":"user","content":"u2"},{"role":"assistant","content":"z"}]})"),
      Prompt("u2"));
  EXPECT_EQ(prompt_of_body(R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},)"
                           R"({"type":"image_url","image_url":{}},{"type":"text","text":"b"}]}]})"),
            Prompt("a b"));
  EXPECT_EQ(prompt_of_body(R"({"messages":[{"role":"system","content":"only"}]})"), Prompt("only"));
  EXPECT_EQ(
      prompt_of_body(R"({"messages":[{"role":"user","content":""},{"role":"assistant","content":"q"}]})"),
      Prompt("q"));
}

TEST(PromptRows, FindsNothingWhereThereIsNone) {
  for (const auto* body :
       {R"({"input":"x"})", "[1]", "{broken", "",
        R"({"prompt":null,"messages":[{"role":"user","content":"u"}]})", R"({"messages":[]})",
        R"({"prompt":["a"]})", R"({"messages":"x"})", R"({"messages":[7]})"}) {
    EXPECT_EQ(prompt_of_body(body), std::nullopt) << body;
  }
}

TEST(PromptRows, ReadsJsonLines) {
  const auto rows = prompts_of_jsonl(
      "{\"prompt\":\"a\"}\n\n{\"prompt\":\"a\"}\n{\"request_body\":\"{\\\"prompt\\\":\\\"b\\\"}\"}\nnot "
      "json\n{\"z\":1}\n"
      "{\"request_body\":{\"prompt\":\"c,\\\"q\\\"\\nline\"}}\n{\"prompt\":\"\"}\n");
  EXPECT_EQ(rows.bad, 2);
  const auto prompts = without_repeats(rows.prompts);
  EXPECT_EQ(prompts, (std::vector<std::string>{"a", "b", "c,\"q\"\nline", ""}));
  EXPECT_EQ(to_prompt_csv(prompts), "prompt\na\nb\n\"c,\"\"q\"\"\nline\"\n\"\"\n");
  EXPECT_EQ(prompts_of_csv(to_prompt_csv(prompts))->prompts, prompts) << "what is written reads back";
}

TEST(PromptRows, TakesBareMessagesOnALine) {
  EXPECT_EQ(prompts_of_jsonl(R"({"messages":[{"role":"user","content":"u"}]})").prompts,
            (std::vector<std::string>{"u"}));
}

TEST(PromptRows, ReadsCsvColumns) {
  const auto rows = prompts_of_csv(
      "id,request_body\r\n1,\"{\"\"prompt\"\":\"\"one, "
      "two\"\"}\"\r\n2,broken\r\n3\r\n4,\"{\\\"\"prompt\\\"\":\\\"\"three\\\"\"}\"\r\n");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->prompts, (std::vector<std::string>{"one, two", "three"}));
  EXPECT_EQ(rows->bad, 2);
  EXPECT_EQ(prompts_of_csv("prompt\nplain\n")->prompts, (std::vector<std::string>{"plain"}));
  EXPECT_EQ(prompts_of_csv("a,b\n1,2\n").error().message,
            "the CSV file needs a column request_body or prompt; it has: a, b");
  EXPECT_EQ(prompts_of_csv("").error().message, "the CSV file is empty");
}

TEST(PromptRows, KeepsQuotesCommasAndLineBreaksOfCsvCells) {
  EXPECT_EQ(parse_csv("a,\"b \"\"c\"\", \n d\",\n\n\"\"\nlast"),
            (std::vector<std::vector<std::string>>{{"a", "b \"c\", \n d", ""}, {""}, {"last"}}));
}

}  // namespace
}  // namespace autotuner::traffic
