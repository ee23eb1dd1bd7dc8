#include "hosts/capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;

TEST(Capture, ReturnsOutputAndExitCode) {
  const auto captured = capture({"/bin/sh", "-c", "echo $WORD; exit 2"}, {{"WORD", "hi"}}, 20s);
  ASSERT_TRUE(captured);
  EXPECT_EQ(captured->output, "hi\n");
  EXPECT_EQ(captured->status, (engine::ExitStatus{2, 0}));
}

TEST(Capture, GivesUpOnAProgramThatTakesTooLong) {
  const auto captured = capture({"/bin/sh", "-c", "while :; do :; done"}, {}, 50ms);
  ASSERT_FALSE(captured);
  EXPECT_EQ(captured.error().kind, base::ErrorKind::timed_out);
  EXPECT_EQ(captured.error().message, "/bin/sh has not ended after 50 ms");
}

TEST(FindExecutable, LooksThroughPathAndTakesPathsAsTheyAre) {
  EXPECT_EQ(find_executable("sh", "/nowhere:/bin"), "/bin/sh");
  EXPECT_EQ(find_executable("/bin/sh", ""), "/bin/sh");
  EXPECT_EQ(find_executable("sh", "/nowhere"), "");
  EXPECT_EQ(find_executable("/etc/passwd", ""), "");
  EXPECT_EQ(find_executable("/bin", ""), "");
  EXPECT_EQ(find_executable("", "/bin"), "");
}

}  // namespace
}  // namespace autotuner::hosts
