#include "hosts/gguf.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/gguf_file.hpp"

namespace autotuner::hosts {
namespace {

using tests::small_gguf;

base::Result<base::Json> config_of(const std::string& bytes) {
  std::istringstream file(bytes);
  return gguf_config(file);
}

TEST(Gguf, SaysItsSizesInTheWordsOfAConfig) {
  const auto config = config_of(small_gguf().bytes());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config, base::Json::parse(R"({"num_hidden_layers": 2.0, "hidden_size": 64.0,
    "num_attention_heads": 4.0, "num_key_value_heads": 2.0, "vocab_size": 3, "num_parameters": 41152.0,
    "tie_word_embeddings": true, "quantization_config": {"quant_method": "q8"}})"));
}

TEST(Gguf, TakesTheLargestOfWhatDiffersByLayer) {
  auto file = small_gguf();
  file.numbers("qwen2.feed_forward_length", {128, 512, 256});
  EXPECT_EQ((*config_of(file.bytes()))["intermediate_size"], 512);
}

TEST(Gguf, KnowsAnOutputHeadOfItsOwn) {
  auto file = small_gguf();
  file.tensor("output.weight", 64, 3);
  EXPECT_EQ((*config_of(file.bytes()))["tie_word_embeddings"], false);
}

TEST(Gguf, CountsNoParametersFromOneOfSeveralFiles) {
  auto file = small_gguf();
  file.number("split.count", 3);
  const auto config = config_of(file.bytes());
  EXPECT_FALSE(config->contains("num_parameters"));
  EXPECT_FALSE(config->contains("tie_word_embeddings"));
}

TEST(Gguf, SaysWhereAFileEndsTooEarly) {
  const auto whole = small_gguf().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto config = config_of(whole.substr(0, size));
    ASSERT_FALSE(config) << size;
    if (size >= 4) {
      EXPECT_EQ(config.error().message,
                "the GGUF file can't be read: it ends after " + std::to_string(size) + " bytes");
    }
  }
}

TEST(Gguf, RefusesOtherFilesAndVersions) {
  EXPECT_THAT(config_of("PK\3\4 something else").error().message,
              testing::HasSubstr("does not begin with GGUF"));
  EXPECT_THAT(config_of(small_gguf().bytes(1)).error().message,
              testing::HasSubstr("version 1; must be 2 or 3"));
}

}  // namespace
}  // namespace autotuner::hosts
