#include "hosts/model_download.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/system_files.hpp"
#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scripted_server.hpp"

namespace autotuner::hosts {
namespace {

using base::ErrorKind;
using engine::RuntimeId;
using testing::HasSubstr;
using tests::ScriptedServer;
namespace answers = tests::answers;

const std::string revision(40, '1');
const std::string config_hash(40, '2');
const std::string weights_hash(64, '3');
const std::string weights(100'000, 'w');

/// A hub with one model, org/name.
class DownloadModel : public testing::Test {
 protected:
  std::string answer(const std::string& request) {
    const auto path = request.substr(4, request.find(' ', 4) - 4);
    requests_.push_back(path);
    if (const auto at = request.find("Authorization: "); at != std::string::npos)
      token_ = request.substr(at, request.find("\r\n", at) - at);
    if (refusal_ != 0) return answers::plain(refusal_, "{}");
    if (path == "/api/models/org/name/revision/main?blobs=true") {
      return answers::plain(
          200, fmt::format(R"({{"sha":"{}","siblings":[{{"rfilename":"model.safetensors","size":{},"lfs":)"
                           R"({{"sha256":"{}"}}}},{{"rfilename":"config.json","size":2,"blobId":"{}"}},)"
                           R"({{"rfilename":"extra/notes 1.txt"}}]}})",
                           revision, weights_size_, weights_hash, config_hash));
    }
    const auto file = "/org/name/resolve/" + revision + "/";
    if (path == file + "config.json") return answers::plain(200, "{}");
    if (path == file + "extra/notes%201.txt") return answers::plain(200, "notes");
    if (path == file + "model.safetensors" && broken_downloads_-- > 0) return answers::plain(200, "short");
    if (path == file + "model.safetensors") return answers::plain(200, weights);
    return answers::plain(404, "{}");
  }
  base::Result<void> download(const std::string& id = "org/name", const std::stop_token& stop = {}) {
    const ModelHub hub{server_.url(), "hf_secret", {}, std::chrono::milliseconds(1)};
    return download_model(hub, RuntimeId::vllm, id, folders_, stop,
                          [this](const std::string& text) { lines_.push_back(text); });
  }
  std::string snapshot(const std::string& name) const {
    return folders_.hf_home + "/hub/models--org--name/snapshots/" + revision + "/" + name;
  }
  std::string text_of(const std::string& name) const {
    return read_text(snapshot(name)).value_or("(missing)");
  }

  tests::TemporaryFolder folder_;
  ModelFolders folders_{"", folder_ / "hf", false};
  std::vector<std::string> requests_, lines_;
  std::string token_;
  int refusal_ = 0, broken_downloads_ = 0;
  std::size_t weights_size_ = weights.size();
  ScriptedServer server_{
      ScriptedServer::answering([this](const std::string& request) { return answer(request); })};
};

TEST_F(DownloadModel, FillsTheCacheAsTheHubsOwnToolsDo) {
  EXPECT_TRUE(needs_download(RuntimeId::vllm, "org/name", folders_));
  const auto done = download();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(needs_download(RuntimeId::vllm, "org/name", folders_));
  EXPECT_EQ(*find_model(RuntimeId::vllm, "org/name", folders_), (ModelSource{"org/name", true}));
  EXPECT_EQ(text_of("config.json"), "{}");
  EXPECT_EQ(text_of("extra/notes 1.txt"), "notes");
  EXPECT_EQ(text_of("model.safetensors"), weights);
  EXPECT_EQ(std::filesystem::read_symlink(snapshot("model.safetensors")), "../../blobs/" + weights_hash);
  EXPECT_EQ(read_line(folders_.hf_home + "/hub/models--org--name/refs/main"), revision);
  EXPECT_THAT(requests_.back(), HasSubstr("model.safetensors")) << "the weights come last";
  EXPECT_EQ(token_, "Authorization: Bearer hf_secret");
  ASSERT_FALSE(lines_.empty());
  EXPECT_THAT(lines_.front(), HasSubstr("fetching org/name: "));
}

TEST_F(DownloadModel, KeepsWhatIsThereAlready) {
  ASSERT_TRUE(download());
  requests_.clear();
  std::filesystem::remove(snapshot("config.json"));
  ASSERT_TRUE(download());
  EXPECT_EQ(requests_.size(), 1U) << "the list of files only";
  EXPECT_EQ(text_of("config.json"), "{}");
}

TEST_F(DownloadModel, TriesAFileAgainThatCameInPart) {
  broken_downloads_ = 2;
  ASSERT_TRUE(download());
  EXPECT_EQ(text_of("model.safetensors"), weights);
  const tests::TemporaryFolder other;
  folders_.hf_home = other.path();
  broken_downloads_ = 3;
  const auto failed = download();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("model.safetensors came with 5 instead of 100000 bytes"));
  EXPECT_TRUE(needs_download(RuntimeId::vllm, "org/name", folders_)) << "half a model is none";
}

TEST_F(DownloadModel, SaysWhatToDoWhenItCanNotBeHad) {
  refusal_ = 401;
  EXPECT_THAT(download().error().message, HasSubstr("the token that is set gives no access"));
  EXPECT_EQ(download().error().message.find("hf_secret"), std::string::npos);
  refusal_ = 404;
  EXPECT_EQ(download().error().kind, ErrorKind::not_found);
  EXPECT_THAT(download().error().message, HasSubstr("there is no model 'org/name' at " + server_.url()));
  refusal_ = 500;
  EXPECT_THAT(download().error().message, HasSubstr("HTTP 500"));
  std::string gone;
  {
    const ScriptedServer short_lived([](tests::ScriptedConnection&) {});
    gone = short_lived.url();
  }
  const ModelHub hub{gone, "", {}, std::chrono::milliseconds(1)};
  const auto unreachable =
      download_model(hub, RuntimeId::vllm, "org/name", folders_, {}, [](const std::string&) {});
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(unreachable.error().message, HasSubstr("is not in the Hugging Face cache " + folders_.hf_home));
  EXPECT_THAT(unreachable.error().message, HasSubstr("HF_ENDPOINT"));
}

TEST_F(DownloadModel, SeesThatTheDiskIsTooSmallBeforeItFillsIt) {
  weights_size_ = std::size_t{1} << 60;
  const auto failed = download();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("set HF_HOME to a folder on another disk"));
  EXPECT_EQ(requests_.size(), 1U);
}

TEST_F(DownloadModel, EndsOnAStopRequest) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(download("org/name", stop.get_token()).error().kind, ErrorKind::cancelled);
}

TEST(NeedsDownload, IsTrueForIdsOfAHubOnly) {
  const tests::TemporaryFolder folder;
  ModelFolders folders{folder / "models", folder / "hf", false};
  tests::write_file(folder / "models/org/local/config.json", "{}");
  EXPECT_TRUE(needs_download(RuntimeId::vllm, "org/name", folders));
  EXPECT_TRUE(needs_download(RuntimeId::llamacpp, "org/name-GGUF:Q4_0", folders));
  for (const std::string id : {"/a/b", "./a/b", "name", "org/name/more", "org/local", "org/model.gguf"})
    EXPECT_FALSE(needs_download(RuntimeId::vllm, id, folders)) << id;
  EXPECT_FALSE(needs_download(RuntimeId::sim, "org/name", folders));
  folders.offline = true;
  EXPECT_FALSE(needs_download(RuntimeId::vllm, "org/name", folders));
}

}  // namespace
}  // namespace autotuner::hosts
