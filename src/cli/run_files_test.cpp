#include "cli/run_files.hpp"

#include <csignal>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/support/files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::cli {
namespace {

using testing::HasSubstr;

TEST(EnsureWritable, MakesTheFolderAndLeavesNothingInIt) {
  const test::TemporaryFolder folder;
  const auto out = folder.path("a/b");
  ASSERT_TRUE(ensure_writable(out));
  EXPECT_TRUE(std::filesystem::is_empty(out));
}

TEST(EnsureWritable, NamesTheFolderTheReasonAndTheRemedy) {
  const test::TemporaryFolder folder;
  tests::write_file(folder.path("file"), "");
  const auto checked = ensure_writable(folder.path("file/out"));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(checked.error().message, HasSubstr("'" + folder.path("file/out") + "': Not a directory"));
  EXPECT_THAT(checked.error().message, HasSubstr("--out"));
}

TEST(EnsureWritable, NoticesADiskThatTakesNoMore) {
  const test::TemporaryFolder folder;
  // As on a full disk, writes beyond this size fail.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit little{1024, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto checked = ensure_writable(folder.path());
  ::setrlimit(RLIMIT_FSIZE, &usual);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("File too large"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace autotuner::cli
