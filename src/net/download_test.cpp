#include "net/download.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_server.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::ScriptedConnection;
using tests::ScriptedServer;
namespace answers = tests::answers;

const std::string content = "0123456789";

TEST(Download, LeavesNoFileOfAFailedOne) {
  const test::TemporaryFolder folder;
  const auto path = folder.path("rows");
  ScriptedServer server(ScriptedServer::answering([](const std::string& request) {
    return request.starts_with("GET /good") ? answers::plain(200, "rows") : answers::plain(404, "none");
  }));
  const auto missing = download({.url = server.url() + "/bad"}, path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, base::ErrorKind::not_found);
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(download({.url = server.url() + "/good"}, path));
  EXPECT_EQ(std::filesystem::file_size(path), 4U);
}

/// A server of one file; each request is answered by the next of `answers_`, then the connection ends.
class ResumeDownload : public testing::Test {
 protected:
  static std::string answer(int status, const std::string& fields, std::size_t length,
                            const std::string& body) {
    return fmt::format("HTTP/1.1 {} Status\r\n{}Content-Length: {}\r\n\r\n{}", status, fields, length, body);
  }
  static std::string part_of_whole(const std::string& fields) { return answer(200, fields, 10, "0123"); }
  base::Result<HttpResponse> fetch() {
    progress_ = {};
    return resume_download({.url = server_.url() + "/file"}, path_,
                           [this](FileProgress progress) { progress_ = progress; });
  }
  std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool is_there() const { return std::filesystem::exists(path_); }

  test::TemporaryFolder folder_;
  std::string path_ = folder_.path("file.incomplete");
  FileProgress progress_;
  std::vector<std::string> answers_, requests_;
  ScriptedServer server_{[this](ScriptedConnection& connection) {
    const auto request = connection.read_request();
    if (!request) return;
    requests_.push_back(*request);
    connection.send(answers_.at(std::min(requests_.size(), answers_.size()) - 1));
  }};
};

TEST_F(ResumeDownload, GoesOnBehindWhatHasCome) {
  answers_ = {part_of_whole("ETag: \"a\"\r\n"), answer(206, "Content-Range: bytes 4-9/10\r\n", 6, "456789")};
  EXPECT_FALSE(fetch());
  EXPECT_EQ(text(), "0123");
  EXPECT_THAT(requests_[0], Not(HasSubstr("Range")));
  const auto rest = fetch();
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(text(), content);
  EXPECT_THAT(requests_[1], HasSubstr("Range: bytes=4-\r\n"));
  EXPECT_THAT(requests_[1], HasSubstr("If-Range: \"a\"\r\n"));
  EXPECT_EQ(progress_.bytes, 10U);
  EXPECT_EQ(progress_.resumed, 4U);
}

TEST_F(ResumeDownload, BeginsAnewWhereTheServerSendsTheWholeContent) {
  answers_ = {part_of_whole("ETag: \"a\"\r\n"), answer(200, "ETag: \"b\"\r\n", 8, "new text")};
  EXPECT_FALSE(fetch());
  ASSERT_TRUE(fetch());
  EXPECT_EQ(text(), "new text");
  EXPECT_EQ(progress_.resumed, 0U);
}

TEST_F(ResumeDownload, KeepsNothingThatHasNoStrongTag) {
  for (const std::string fields : {"", "ETag: W/\"a\"\r\n"}) {
    answers_ = {part_of_whole(fields)};
    EXPECT_FALSE(fetch());
    EXPECT_FALSE(is_there()) << fields;
  }
  answers_ = {answer(200, "", 10, content)};
  ASSERT_TRUE(fetch());
  EXPECT_EQ(text(), content);
}

TEST_F(ResumeDownload, DropsTheTagOfOlderContentWithIt) {
  answers_ = {part_of_whole("ETag: \"a\"\r\n"), part_of_whole("")};
  EXPECT_FALSE(fetch());
  EXPECT_FALSE(fetch());
  EXPECT_FALSE(is_there());
  EXPECT_FALSE(std::filesystem::exists(tag_file_of(path_)));
}

TEST_F(ResumeDownload, BeginsAnewAfterAnAnswerThatIsNotTheRest) {
  answers_ = {part_of_whole("ETag: \"a\"\r\n"), answer(206, "Content-Range: bytes 0-9/10\r\n", 10, content),
              answer(200, "", 10, content)};
  EXPECT_FALSE(fetch());
  EXPECT_FALSE(fetch());
  EXPECT_FALSE(is_there());
  ASSERT_TRUE(fetch());
  EXPECT_EQ(text(), content);
}

TEST_F(ResumeDownload, SeesThatAllIsThere) {
  answers_ = {answer(200, "ETag: \"a\"\r\n", 10, content),
              answer(416, "Content-Range: bytes */10\r\n", 0, ""),
              answer(416, "Content-Range: bytes */5\r\n", 0, "")};
  ASSERT_TRUE(fetch());
  ASSERT_TRUE(fetch()) << "as after an end between the last byte and what its caller does then";
  EXPECT_EQ(text(), content);
  EXPECT_FALSE(fetch());
  EXPECT_FALSE(is_there()) << "longer than the content: it can't be the beginning of it";
}

TEST_F(ResumeDownload, LeavesWhatHasComeWhenTheServerRefuses) {
  answers_ = {part_of_whole("ETag: \"a\"\r\n"), answer(503, "", 4, "busy")};
  EXPECT_FALSE(fetch());
  const auto refused = fetch();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("HTTP 503"));
  EXPECT_EQ(text(), "0123");
}

}  // namespace
}  // namespace autotuner::net
