#include "traffic/dataset.hpp"

#include <filesystem>
#include <fstream>

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/scripted_server.hpp"
#include "traffic/unpack.hpp"

namespace autotuner::traffic {
namespace {

namespace fs = std::filesystem;
using tests::ScriptedServer;
namespace answers = tests::answers;
using Members = std::vector<std::pair<std::string, std::string>>;

const std::string rows = "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"a\"}\nbad\n";

class DatasetTest : public testing::Test {
 protected:
  DatasetTest() { fs::create_directories(folder_); }
  ~DatasetTest() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  DatasetRequest request(const std::string& url) const {
    return {.url = url,
            .deduplicate = true,
            .cache_folder = (folder_ / "cache").string(),
            .proxy = {},
            .refresh = false,
            .retry_wait = std::chrono::milliseconds(1)};
  }
  base::Result<Dataset> load(const std::string& url) const { return load_dataset(request(url), {}); }

  /// format: tar (gzip) or zip; raw writes the first member alone through gzip.
  std::string pack(const std::string& name, const Members& members, bool zip = false,
                   bool raw = false) const {
    archive* out = archive_write_new();
    if (zip)
      archive_write_set_format_zip(out);
    else if (raw)
      archive_write_set_format_raw(out);
    else
      archive_write_set_format_pax_restricted(out);
    if (!zip) archive_write_add_filter_gzip(out);
    const auto path = (folder_ / name).string();
    archive_write_open_filename(out, path.c_str());
    for (const auto& [member, text] : members) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, member.c_str());
      archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_perm(entry, 0644);
      archive_write_header(out, entry);
      archive_write_data(out, text.data(), text.size());
      archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
    return path;
  }

  fs::path folder_ = fs::temp_directory_path() / ("autotuner-dataset-" + std::to_string(::getpid()));
};

TEST_F(DatasetTest, DerivesTheKeyFromUrlAndSwitches) {
  auto remote = request("https://example.com/api_logs.csv.gz");
  EXPECT_EQ(dataset_key(remote), "612176e95952e960");
  remote.deduplicate = false;
  EXPECT_NE(dataset_key(remote), "612176e95952e960");
  const auto local = request(write("x.jsonl", rows));
  const auto before = dataset_key(local);
  write("x.jsonl", rows + rows);
  EXPECT_NE(dataset_key(local), before) << "a changed file is another data set";
}

TEST_F(DatasetTest, ConvertsALocalFileAndKeepsTheResult) {
  const auto path = write("x.jsonl", rows);
  const auto dataset = load("file://" + path);
  ASSERT_TRUE(dataset) << dataset.error().message;
  EXPECT_EQ(dataset->prompts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(dataset->bad_rows, 1);
  EXPECT_EQ(dataset->source_file, "x.jsonl");
  const auto home = fs::path(dataset->prompts_csv).parent_path().parent_path();
  EXPECT_TRUE(fs::exists(home / "cache_info.json"));
  EXPECT_TRUE(fs::exists(home / "converted" / "stats.json"));
  std::ofstream(dataset->prompts_csv) << "prompt\nfrom the cache\n";
  EXPECT_EQ(load("file://" + path)->prompts, (std::vector<std::string>{"from the cache"}));
}

TEST_F(DatasetTest, KeepsRepeatsWhenAsked) {
  auto wish = request(write("x.jsonl", rows));
  wish.deduplicate = false;
  EXPECT_EQ(load_dataset(wish, {})->prompts.size(), 3U);
}

TEST_F(DatasetTest, PicksTheLargestCsvOfAnArchiveBeforeAnyJsonl) {
  const Members members{{"small.csv", "prompt\nno\n"},
                        {"deep/large.csv", "prompt\nyes, this\nand that\n"},
                        {"huge.jsonl", std::string(5000, '\n')}};
  for (const auto& path : {pack("a.tar.gz", members), pack("b.tgz", members), pack("c.zip", members, true)}) {
    const auto dataset = load(path);
    ASSERT_TRUE(dataset) << path << dataset.error().message;
    EXPECT_EQ(dataset->source_file, "large.csv");
    EXPECT_EQ(dataset->prompts.size(), 2U);
  }
}

TEST_F(DatasetTest, UnpacksASingleCompressedFile) {
  EXPECT_EQ(load(pack("x.jsonl.gz", {{"data", rows}}, false, true))->prompts.size(), 2U);
}

TEST_F(DatasetTest, RefusesMembersThatWouldLeaveTheFolder) {
  const auto path = pack("evil.tar.gz", {{"../../outside.csv", "prompt\nx\n"}});
  const auto dataset = load(path);
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().kind, base::ErrorKind::invalid_input);
  EXPECT_NE(dataset.error().message.find("member '../../outside.csv' would leave the folder"),
            std::string::npos);
  EXPECT_FALSE(load(pack("evil.zip", {{"/tmp/outside.csv", "prompt\nx\n"}}, true)));
  EXPECT_TRUE(fs::is_empty(folder_ / "cache")) << "nothing is left of a refused data set";
}

TEST_F(DatasetTest, StopsUnpackingAtTheLimit) {
  const auto path = pack("bomb.gz", {{"data", std::string(100000, 'x')}}, false, true);
  const auto result = unpack_single(path, (folder_ / "out").string(), 1000);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("unpacks to more than the limit of 1000 bytes"), std::string::npos);
}

TEST_F(DatasetTest, NamesWhatIsMissingOrUnknown) {
  EXPECT_EQ(load((folder_ / "none.csv").string()).error().message,
            "data set: " + (folder_ / "none.csv").string() + ": no such file");
  EXPECT_EQ(load(write("x.json", "[]")).error().message,
            "data set: x.json: format not known; allowed are .csv, .jsonl, .gz, .zip, .tar.gz, .tgz");
  EXPECT_EQ(load(write("empty.jsonl", "bad\n")).error().message,
            "data set: empty.jsonl: no prompt in any of its 1 rows");
  EXPECT_EQ(load("ftp://h/x.csv").error().message,
            "data set: 'ftp://h/x.csv': must be http://, https://, file:// or a path");
}

TEST_F(DatasetTest, TriesAFetchThreeTimes) {
  int calls = 0;
  std::string url;
  {
    ScriptedServer server(ScriptedServer::answering([&calls](const std::string&) {
      return ++calls < 3 ? answers::plain(500, "busy") : answers::plain(200, rows);
    }));
    url = server.url() + "/path/x.jsonl?token=1";
    const auto dataset = load(url);
    ASSERT_TRUE(dataset) << dataset.error().message;
    EXPECT_EQ(dataset->source_file, "x.jsonl");
  }
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(load(url)) << "the second time the cache answers";
}

TEST_F(DatasetTest, EndsAtOnceOnAStopRequest) {
  std::stop_source stop;
  ScriptedServer server([&stop](tests::ScriptedConnection& connection) {
    connection.read_request();
    stop.request_stop();
    connection.wait_until_closed();
  });
  const auto dataset = load_dataset(request(server.url() + "/x.csv"), stop.get_token());
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().kind, base::ErrorKind::cancelled);
}

}  // namespace
}  // namespace autotuner::traffic
