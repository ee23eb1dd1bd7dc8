#include "hosts/log_archive.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "hosts/system_files.hpp"
#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"

namespace autotuner::hosts {
namespace {

using tests::write_file;

class LogArchive : public testing::Test {
 protected:
  std::string read() const {
    std::string text;
    const auto done = read_log(path_, [&text](std::string_view piece) { text += piece; });
    return done ? text : "error: " + done.error().message;
  }
  tests::TemporaryFolder folder_;
  std::string path_ = folder_ / "task_1_exp_2.engine.log";
};

TEST_F(LogArchive, ReadsALogInTheOrderInWhichItWasWrittenCompressedOrNot) {
  const std::string middle(300'000, 'm');
  write_file(path_ + ".1", "start\n");
  write_file(path_ + ".2", middle);
  write_file(path_, "end\n");
  const auto whole = "start\n" + middle + "end\n";
  EXPECT_EQ(read(), whole);
  ASSERT_TRUE(compress_log(path_));
  EXPECT_EQ(read(), whole);
  for (const std::string part : {"", ".1", ".2"}) {
    EXPECT_FALSE(std::filesystem::exists(path_ + part)) << part;
    EXPECT_TRUE(std::filesystem::exists(path_ + part + ".gz")) << part;
  }
  EXPECT_LT(std::filesystem::file_size(path_ + ".2.gz"), 3000U);
  EXPECT_EQ(read_text(path_ + ".gz")->substr(0, 2), "\x1f\x8b") << "as gzip writes it";
}

TEST_F(LogArchive, AddsWhatALaterAttemptPrinted) {
  write_file(path_, "first\n");
  ASSERT_TRUE(compress_log(path_));
  write_file(path_, "second\n");
  EXPECT_EQ(read(), "first\nsecond\n");
  ASSERT_TRUE(compress_log(path_));
  EXPECT_EQ(read(), "first\nsecond\n");
  ASSERT_TRUE(compress_log(path_)) << "nothing is left to compress";
  remove_log(path_);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(LogArchive, SaysThatALogIsGoneOrBroken) {
  EXPECT_EQ(read(), "error: there is no log " + path_ + " any more");
  write_file(path_ + ".gz", "no gzip");
  write_file(path_, "text");
  EXPECT_EQ(read(), "no gziptext") << "what is not compressed is its own text";
  remove_log(path_);
  write_file(path_, std::string(100'000, 'x'));
  ASSERT_TRUE(compress_log(path_));
  std::filesystem::resize_file(path_ + ".gz", 40);
  EXPECT_EQ(read().substr(0, 6), "error:");
}

}  // namespace
}  // namespace autotuner::hosts
