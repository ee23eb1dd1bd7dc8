#include "hosts/model_config.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"
#include "tests/support/gguf_file.hpp"

namespace autotuner::hosts {
namespace {

using engine::RuntimeId;
using tests::write_file;

class ModelConfig : public testing::Test {
 protected:
  base::Json read(RuntimeId runtime, const std::string& model) const {
    return read_model_config(runtime, model, folders_);
  }
  tests::TemporaryFolder folder_;
  ModelFolders folders_{folder_ / "models", folder_ / "hf", false};
};

TEST_F(ModelConfig, StandsInTheFolderOfTheModel) {
  write_file(folder_ / "models/tiny/config.json", R"({"hidden_size": 64})");
  EXPECT_EQ(read(RuntimeId::vllm, "tiny")["hidden_size"], 64);
  EXPECT_EQ(read(RuntimeId::sglang, folder_ / "models/tiny")["hidden_size"], 64);
}

TEST_F(ModelConfig, IsTheMainBranchsInTheCacheOfAHub) {
  const auto entry = folder_ / "hf/hub/models--org--name";
  write_file(entry + "/snapshots/abc/config.json", R"({"hidden_size": 1})");
  EXPECT_EQ(read(RuntimeId::vllm, "org/name")["hidden_size"], 1) << "without weights";
  write_file(entry + "/snapshots/def/config.json", R"({"hidden_size": 2})");
  write_file(entry + "/refs/main", "def");
  EXPECT_EQ(read(RuntimeId::vllm, "org/name")["hidden_size"], 2);
}

TEST_F(ModelConfig, IsInTheHeadOfAGgufFile) {
  write_file(folder_ / "models/tiny/tiny-q8.gguf", tests::small_gguf().bytes());
  EXPECT_EQ(read(RuntimeId::llamacpp, "tiny")["hidden_size"], 64);
}

TEST_F(ModelConfig, IsNullWhereNothingCanBeRead) {
  EXPECT_TRUE(read(RuntimeId::vllm, "org/other").is_null());
  EXPECT_TRUE(read(RuntimeId::sim, "demo-8b").is_null());
  write_file(folder_ / "models/broken/config.json", "{");
  EXPECT_TRUE(read(RuntimeId::vllm, "broken").is_null());
  write_file(folder_ / "models/cut.gguf", "GGUF");
  EXPECT_TRUE(read(RuntimeId::llamacpp, folder_ / "models/cut.gguf").is_null());
}

}  // namespace
}  // namespace autotuner::hosts
