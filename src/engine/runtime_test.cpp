#include "engine/runtime.hpp"

#include <gtest/gtest.h>

namespace autotuner::engine {
namespace {

RuntimeId found(std::string_view name) {
  const auto id = find_runtime(name);
  EXPECT_TRUE(id.has_value()) << name;
  return id.value_or(RuntimeId::sim);
}

TEST(Runtime, AnswersEachTableRowById) {
  for (const auto& row : all_runtimes()) EXPECT_EQ(runtime(row.id).key, row.key);
}

TEST(Runtime, IsFoundByKeyAliasAnyCaseAndUnderscores) {
  EXPECT_EQ(found("SGLang"), RuntimeId::sglang);
  EXPECT_EQ(found("tensorrt_llm"), RuntimeId::tensorrt_llm);
  EXPECT_EQ(found("tensorrtllm"), RuntimeId::tensorrt_llm);
  EXPECT_EQ(found("TRTLLM"), RuntimeId::tensorrt_llm);
  EXPECT_EQ(found("llama.cpp"), RuntimeId::llamacpp);
  EXPECT_EQ(found("llama_cpp"), RuntimeId::llamacpp);
  EXPECT_EQ(found("sim"), RuntimeId::sim);
}

TEST(Runtime, IsFoundByTheLongestPrefixExceptSimAndLlamacpp) {
  EXPECT_EQ(found("sglang-llama-small"), RuntimeId::sglang);
  EXPECT_EQ(found("vllm_custom"), RuntimeId::vllm);
  EXPECT_FALSE(find_runtime("sim-fast").has_value());
  EXPECT_FALSE(find_runtime("llamacpp-cuda").has_value());
  EXPECT_FALSE(find_runtime("llama-3-2-1b-instruct-rt").has_value());
  EXPECT_FALSE(find_runtime("").has_value());
}

TEST(Runtime, SaysWhatIsKnownAndWhatWasMeant) {
  EXPECT_EQ(
      find_runtime("vlm").error().message,
      "unknown runtime 'vlm'; known are sglang, vllm, tensorrt-llm, llamacpp, sim; did you mean 'vllm'?");
}

TEST(ImageWithTag, SplitsAtTheLastColonBehindTheLastSlash) {
  EXPECT_EQ(image_with_tag("reg:5000/a/b", "t"), "reg:5000/a/b:t");
  EXPECT_EQ(image_with_tag("reg:5000/a/b:old", "t"), "reg:5000/a/b:t");
  EXPECT_EQ(image_with_tag("vllm/vllm-openai:latest", "v0.10.0"), "vllm/vllm-openai:v0.10.0");
  EXPECT_EQ(image_with_tag("a/b@sha256:12", ""), "a/b@sha256:12");
  EXPECT_EQ(image_with_tag("a/b@sha256:12", "t"), "a/b:t");
}

}  // namespace
}  // namespace autotuner::engine
