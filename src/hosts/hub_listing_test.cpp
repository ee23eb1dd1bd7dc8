#include "hosts/hub_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::hosts {
namespace {

using engine::RuntimeId;
using testing::ElementsAre;
using testing::HasSubstr;

HubListing listing(std::vector<std::string> names) {
  HubListing all;
  all.revision = std::string(40, 'a');
  for (auto& name : names) all.files.push_back({std::move(name), 1, ""});
  return all;
}

std::vector<std::string> needed(const HubListing& all, RuntimeId runtime, const std::string& quant = {}) {
  std::vector<std::string> names;
  const auto files = files_needed(all, runtime, quant, "org/name");
  EXPECT_TRUE(files) << files.error().message;
  for (const auto& file : files.value_or(std::vector<HubFile>{})) names.push_back(file.name);
  return names;
}

TEST(HubListing, ReadsNamesSizesAndTheNamesInTheCache) {
  const auto read = parse_hub_listing(
      R"({"sha":"0123456789012345678901234567890123456789","siblings":[)"
      R"({"rfilename":"config.json","size":12,"blobId":"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"},)"
      R"({"rfilename":"model.safetensors","size":99,"blobId":"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb","lfs":)"
      R"({"sha256":"0000000000111111111122222222223333333333444444444455555555556666","size":99}},)"
      R"({"rfilename":"plain.txt"}]})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->revision, "0123456789012345678901234567890123456789");
  ASSERT_EQ(read->files.size(), 3U);
  EXPECT_EQ(read->files[0], (HubFile{"config.json", 12, "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"}));
  EXPECT_EQ(read->files[1].hash, "0000000000111111111122222222223333333333444444444455555555556666");
  EXPECT_EQ(read->files[2], (HubFile{"plain.txt", std::nullopt, ""}));
}

TEST(HubListing, RefusesNamesThatLeaveTheFolderAndWhatIsNoListing) {
  const auto with = [](const std::string& name) {
    return parse_hub_listing(
        R"({"sha":"0123456789012345678901234567890123456789","siblings":[{"rfilename":")" + name + R"("}]})");
  };
  EXPECT_TRUE(with("a/b.json"));
  for (const std::string name : {"../../x", "/etc/passwd", "a/../../b", ""}) EXPECT_FALSE(with(name)) << name;
  for (const std::string text : {"", "[]", "{}", R"({"sha":"../x","siblings":[]})", R"({"sha":7})"})
    EXPECT_FALSE(parse_hub_listing(text)) << text;
}

TEST(FilesNeeded, LeaveOutOtherFormatsAndPutTheWeightsLast) {
  const auto all =
      listing({"model-00001.safetensors", "pytorch_model.bin", "config.json", "tf_model.h5", "model.gguf",
               "original/consolidated.00.pth", "model-00002.safetensors", "tokenizer.json"});
  EXPECT_THAT(
      needed(all, RuntimeId::vllm),
      ElementsAre("config.json", "tokenizer.json", "model-00001.safetensors", "model-00002.safetensors"));
  EXPECT_THAT(needed(listing({"pytorch_model.bin", "config.json"}), RuntimeId::sglang),
              ElementsAre("config.json", "pytorch_model.bin"));
  const auto none = files_needed(listing({"README.md"}), RuntimeId::vllm, "", "org/name");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "org/name holds no weights that vLLM can load");
}

TEST(FilesNeeded, AreTheOneModelOfLlamaCppWithAllItsParts) {
  const auto all =
      listing({"m-Q8_0.gguf", "m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf", "README.md"});
  EXPECT_THAT(needed(all, RuntimeId::llamacpp),
              ElementsAre("m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf"));
  EXPECT_THAT(needed(all, RuntimeId::llamacpp, "q8_0"), ElementsAre("m-Q8_0.gguf"));
  EXPECT_THAT(files_needed(all, RuntimeId::llamacpp, "Q2_K", "org/name").error().message,
              HasSubstr("no model in org/name fits 'Q2_K'"));
}

TEST(FilesNeeded, MayLieInFoldersOfTheRepository) {
  const auto all =
      listing({"BF16/m-BF16-00001-of-00002.gguf", "BF16/m-BF16-00002-of-00002.gguf", "m-F16.gguf",
               "Q4_K_M/m-00001-of-00002.gguf", "Q4_K_M/m-00002-of-00002.gguf", "vision/mmproj-Q4_K_M.gguf"});
  EXPECT_THAT(needed(all, RuntimeId::llamacpp),
              ElementsAre("Q4_K_M/m-00001-of-00002.gguf", "Q4_K_M/m-00002-of-00002.gguf"));
  EXPECT_THAT(needed(all, RuntimeId::llamacpp, "bf16"),
              ElementsAre("BF16/m-BF16-00001-of-00002.gguf", "BF16/m-BF16-00002-of-00002.gguf"));
  EXPECT_THAT(needed(all, RuntimeId::llamacpp, "F16"), ElementsAre("m-F16.gguf")) << "BF16 is another";
}

TEST(FilesNeeded, AreAllPartsOrNone) {
  const auto files = files_needed(listing({"q/m-00001-of-00003.gguf", "q/m-00003-of-00003.gguf"}),
                                  RuntimeId::llamacpp, "", "org/name");
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().message,
            "org/name holds q/m-00001-of-00003.gguf, but not its part q/m-00002-of-00003.gguf");
}

}  // namespace
}  // namespace autotuner::hosts
