#include "hosts/model_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"

namespace autotuner::hosts {
namespace {

using engine::RuntimeId;
using testing::HasSubstr;
using tests::write_file;

class FindModel : public testing::Test {
 protected:
  base::Result<ModelSource> find(RuntimeId runtime, const std::string& model) const {
    return find_model(runtime, model, folders_);
  }
  std::string error(RuntimeId runtime, const std::string& model) const {
    const auto found = find(runtime, model);
    return found ? "found " + found->argument : found.error().message;
  }
  tests::TemporaryFolder folder_;
  ModelFolders folders_{folder_ / "models", folder_ / "hf", true};
};

TEST_F(FindModel, TakesAPathThatExistsAsItIs) {
  write_file(folder_ / "m/config.json", "{}");
  EXPECT_EQ(*find(RuntimeId::vllm, folder_ / "m"), (ModelSource{folder_ / "m", true}));
  EXPECT_EQ(error(RuntimeId::vllm, "/no/such/model"), "model path /no/such/model does not exist");
}

TEST_F(FindModel, LooksBelowTheBasePathFirst) {
  write_file(folder_ / "models/tiny/config.json", "{}");
  write_file(folder_ / "models/org/small/config.json", "{}");
  EXPECT_EQ(find(RuntimeId::vllm, "tiny")->argument, folder_ / "models/tiny");
  EXPECT_EQ(find(RuntimeId::sglang, "org/small")->argument, folder_ / "models/org/small");
  EXPECT_EQ(error(RuntimeId::vllm, "other"),
            "model 'other' is neither below " + (folder_ / "models") + " nor a Hugging Face id (org/name)");
}

TEST_F(FindModel, TakesAnIdFromTheCacheOnlyWhenItIsComplete) {
  EXPECT_THAT(error(RuntimeId::vllm, "org/name"),
              HasSubstr("model 'org/name' is not in the Hugging Face cache"));
  EXPECT_THAT(error(RuntimeId::vllm, "org/name"), HasSubstr("huggingface-cli download org/name"));
  const auto entry = folder_ / "hf/hub/models--org--name";
  write_file(entry + "/snapshots/abc/model.safetensors.index.json",
             R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  write_file(entry + "/snapshots/abc/one.safetensors", "");
  EXPECT_FALSE(find(RuntimeId::vllm, "org/name"));
  write_file(entry + "/snapshots/abc/two.safetensors", "");
  EXPECT_EQ(*find(RuntimeId::vllm, "org/name"), (ModelSource{"org/name", true}));
  write_file(entry + "/blobs/123.incomplete", "");
  EXPECT_FALSE(find(RuntimeId::vllm, "org/name"));
}

TEST_F(FindModel, LeavesTheDownloadToAnEngineThatMayDownload) {
  folders_.offline = false;
  EXPECT_EQ(*find(RuntimeId::vllm, "org/name"), (ModelSource{"org/name", false}));
}

TEST_F(FindModel, FindsTheOneFileOfAFolderForLlamaCpp) {
  write_file(folder_ / "g/model-Q4_0.gguf", "");
  EXPECT_EQ(find(RuntimeId::llamacpp, folder_ / "g")->argument, folder_ / "g/model-Q4_0.gguf");
  EXPECT_EQ(find(RuntimeId::llamacpp, folder_ / "g/model-Q4_0.gguf")->argument,
            folder_ / "g/model-Q4_0.gguf");
  write_file(folder_ / "g/model-Q8_0.gguf", "");
  EXPECT_EQ(error(RuntimeId::llamacpp, folder_ / "g"),
            (folder_ / "g") +
                " holds several models: model-Q4_0.gguf, model-Q8_0.gguf; name one (its path, or :QUANT "
                "behind the id)");
}

TEST_F(FindModel, FindsAQuantizationInTheCacheForLlamaCpp) {
  const auto snapshot = folder_ / "hf/hub/models--org--name-GGUF/snapshots/abc/";
  write_file(snapshot + "name-q4_k_m.gguf", "");
  write_file(snapshot + "name-q8_0.gguf", "");
  EXPECT_EQ(find(RuntimeId::llamacpp, "org/name-GGUF")->argument, snapshot + "name-q4_k_m.gguf");
  EXPECT_EQ(find(RuntimeId::llamacpp, "org/name-GGUF:Q8_0")->argument, snapshot + "name-q8_0.gguf");
  EXPECT_THAT(error(RuntimeId::llamacpp, "org/name-GGUF:Q2_K"),
              HasSubstr("fits 'Q2_K'; there are: name-q4_k_m.gguf, name-q8_0.gguf"));
  EXPECT_THAT(error(RuntimeId::llamacpp, "org/other:Q4_0"),
              HasSubstr("get it with: huggingface-cli download org/other --include '*Q4_0*.gguf'"));
}

TEST_F(FindModel, TakesASplitModelOfAFolderInTheCacheOnlyWhenItIsComplete) {
  const auto snapshot = folder_ / "hf/hub/models--org--big-GGUF/snapshots/abc/";
  write_file(snapshot + "Q4_K_M/big-00001-of-00002.gguf", "");
  EXPECT_THAT(error(RuntimeId::llamacpp, "org/big-GGUF"), HasSubstr("is not in the Hugging Face cache"));
  write_file(snapshot + "Q4_K_M/big-00002-of-00002.gguf", "");
  EXPECT_EQ(find(RuntimeId::llamacpp, "org/big-GGUF:q4_k_m")->argument,
            snapshot + "Q4_K_M/big-00001-of-00002.gguf");
}

TEST_F(FindModel, GivesAnyTextToTheSimulatedEngine) {
  EXPECT_EQ(*find(RuntimeId::sim, "anything/8b"), (ModelSource{"anything/8b", true}));
}

TEST(ChooseGguf, TakesTheFirstPartOfASplitModelAndNoAdapter) {
  EXPECT_EQ(*choose_gguf(
                {"m-00002-of-00003.gguf", "m-00001-of-00003.gguf", "m-00003-of-00003.gguf", "mmproj-m.gguf"},
                "", "here"),
            "m-00001-of-00003.gguf");
  EXPECT_EQ(choose_gguf({}, "", "/empty").error().message, "there is no *.gguf file in /empty");
}

}  // namespace
}  // namespace autotuner::hosts
