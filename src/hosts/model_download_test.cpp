#include "hosts/model_download.hpp"

#include <filesystem>
#include <mutex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
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
const std::string weights(100'000, 'w');
const std::string weights_hash = base::sha256_hex(weights);

/// A hub with one model, org/name.
class DownloadModel : public testing::Test {
 protected:
  std::string answer(const std::string& request) {
    const auto path = request.substr(4, request.find(' ', 4) - 4);
    requests_with_headers_.push_back(request);
    requests_.push_back(path);
    if (const auto at = request.find("Authorization: "); at != std::string::npos)
      token_ = request.substr(at, request.find("\r\n", at) - at);
    if (refusal_ != 0) return answers::plain(refusal_, "{}");
    if (path == "/api/models/org/name/revision/main?blobs=true") {
      return answers::plain(
          200, fmt::format(R"({{"sha":"{}","siblings":[{{"rfilename":"model.safetensors","size":{},"lfs":)"
                           R"({{"sha256":"{}"}}}},{{"rfilename":"config.json","size":2,"blobId":"{}"}},)"
                           R"({{"rfilename":"extra/notes 1.txt"}}]}})",
                           revision, weights_size_, listed_hash_, config_hash));
    }
    const auto file = "/org/name/resolve/" + revision + "/";
    if (path == file + "config.json") return answers::plain(200, "{}");
    if (path == file + "extra/notes%201.txt") return answers::plain(200, "notes");
    if (path == file + "model.safetensors" && broken_downloads_-- > 0) return answers::plain(200, "short");
    if (path == file + "model.safetensors" && broken_off_-- > 0) {
      hangs_up_ = true;
      return fmt::format("HTTP/1.1 200 OK\r\nETag: \"w\"\r\nContent-Length: {}\r\n\r\n{}", weights.size(),
                         weights.substr(0, 60'000));
    }
    if (path == file + "model.safetensors" && request.contains("Range: bytes=60000-")) {
      return fmt::format(
          "HTTP/1.1 206 Rest\r\nContent-Range: bytes 60000-99999/100000\r\nContent-Length: "
          "40000\r\n\r\n{}",
          weights.substr(60'000));
    }
    if (path == file + "model.safetensors") return answers::plain(200, weights);
    return answers::plain(404, "{}");
  }
  base::Result<void> download(const std::string& id = "org/name", const std::stop_token& stop = {}) {
    const ModelHub hub{server_.url(), "hf_secret", {}, std::chrono::milliseconds(1)};
    hand_over();
    auto done = download_model(hub, RuntimeId::vllm, id, folders_, stop,
                               [this](const std::string& text) { lines_.push_back(text); });
    hand_over();
    return done;
  }
  /// The members below belong to the hub's threads during a download, to the test's before and after it.
  void hand_over() { const std::scoped_lock lock(mutex_); }
  std::string snapshot(const std::string& name) const {
    return folders_.hf_home + "/hub/models--org--name/snapshots/" + revision + "/" + name;
  }
  std::string text_of(const std::string& name) const {
    return read_text(snapshot(name)).value_or("(missing)");
  }

  tests::TemporaryFolder folder_;
  ModelFolders folders_{"", folder_ / "hf", false};
  std::string partial() const { return entry() + "/blobs/" + weights_hash + ".incomplete"; }
  std::string entry() const { return folders_.hf_home + "/hub/models--org--name"; }

  std::mutex mutex_;
  std::vector<std::string> requests_, requests_with_headers_, lines_;
  std::string token_, listed_hash_ = weights_hash;
  int refusal_ = 0, broken_downloads_ = 0, broken_off_ = 0;
  bool hangs_up_ = false;
  std::size_t weights_size_ = weights.size();
  ScriptedServer server_{[this](tests::ScriptedConnection& connection) {
    while (const auto request = connection.read_request()) {
      std::unique_lock lock(mutex_);
      hangs_up_ = false;
      const auto reply = answer(*request);
      const bool last = hangs_up_;
      lock.unlock();
      if (!connection.send(reply) || last) return;
    }
  }};
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

TEST_F(DownloadModel, GoesOnWithAFileThatBrokeOff) {
  broken_off_ = 1;
  ASSERT_TRUE(download()) << "the second try has the rest";
  EXPECT_THAT(requests_with_headers_.back(), HasSubstr("If-Range: \"w\"\r\n"));
  EXPECT_EQ(text_of("model.safetensors"), weights);
  EXPECT_FALSE(std::filesystem::exists(partial() + ".etag"));
}

TEST_F(DownloadModel, GoesOnWithAFileOfAnEarlierRunAndSaysHowMuchThatIs) {
  broken_off_ = 3;
  ASSERT_FALSE(download());
  EXPECT_EQ(std::filesystem::file_size(partial()), 60'000U);
  lines_.clear();
  ASSERT_TRUE(download());
  EXPECT_EQ(text_of("model.safetensors"), weights);
  EXPECT_THAT(lines_, testing::Contains(HasSubstr("% of 0.1 MiB, 0.1 MiB of it from before")));
}

TEST_F(DownloadModel, RemovesAFileWhoseHashIsNotTheListedOne) {
  listed_hash_ = std::string(64, '3');
  const auto failed = download();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(failed.error().message, HasSubstr("model.safetensors of model 'org/name' came from " +
                                                server_.url() + " with SHA-256 " + weights_hash));
  EXPECT_THAT(failed.error().message, HasSubstr("its listing says " + listed_hash_));
  EXPECT_FALSE(std::filesystem::exists(entry() + "/blobs/" + listed_hash_ + ".incomplete"));
  EXPECT_FALSE(std::filesystem::exists(snapshot("model.safetensors")));
  EXPECT_TRUE(needs_download(RuntimeId::vllm, "org/name", folders_));
}

TEST_F(DownloadModel, ForgetsItsPartsOfFilesThatTheModelNoLongerHas) {
  const auto stale = entry() + "/blobs/" + std::string(64, '7') + ".incomplete";
  const auto foreign = entry() + "/blobs/" + std::string(64, '8') + ".incomplete";
  tests::write_file(stale, "part");
  tests::write_file(stale + ".etag", "\"x\"");
  tests::write_file(foreign, "part");
  ASSERT_TRUE(download());
  EXPECT_FALSE(std::filesystem::exists(stale));
  EXPECT_TRUE(std::filesystem::exists(foreign)) << "another tool may be writing it";
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
