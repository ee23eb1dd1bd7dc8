#include "hosts/engine_log.hpp"

#include <array>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "hosts/system_files.hpp"
#include "tests/support/fake_process.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  FileDescriptor reading, writing;
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reading = FileDescriptor(ends[0]);
    writing = FileDescriptor(ends[1]);
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(writing.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
};

TEST(EngineLog, KeepsTheLastLinesAndWritesAllOfThem) {
  const tests::TemporaryFolder folder;
  Pipe pipe;
  const auto log =
      std::move(*EngineLog::open(folder / "sub/engine.log", std::move(pipe.reading), {.lines = 2}));
  pipe.write("one\ntwo\nthree\nunfin");
  log->settle(10s);
  EXPECT_EQ(log->tail(0), "two\nthree\nunfin");
  EXPECT_EQ(log->tail(1), "three\nunfin");
  EXPECT_EQ(read_text(folder / "sub/engine.log"), "one\ntwo\nthree\nunfin");
}

TEST(EngineLog, ShowsNoSecretAlsoWhenItComesInTwoReads) {
  const tests::TemporaryFolder folder;
  Pipe pipe;
  const auto path = folder / "engine.log";
  const auto log = std::move(*EngineLog::open(path, std::move(pipe.reading), {}, {"sk-12345"}));
  pipe.write("args: api_key='sk-1");
  log->settle(10s);
  EXPECT_EQ(log->tail(0), "args: api_key='");
  pipe.write("2345', port=1\nlast sk-123");
  log->settle(10s);
  pipe.writing = {};
  log->settle(10s);
  EXPECT_EQ(log->tail(0), "args: api_key='***', port=1\nlast ***");
  EXPECT_EQ(read_text(path), "args: api_key='***', port=1\nlast ***");
}

TEST(EngineLog, KeepsTheLastStateOfAProgressBar) {
  Pipe pipe;
  const auto log = std::move(*EngineLog::open("", std::move(pipe.reading)));
  pipe.write("load 10%\rload 5");
  pipe.write("0%\rload 100%\r\nwindows line\r\n");
  log->settle(10s);
  EXPECT_EQ(log->tail(0), "load 100%\nwindows line\n");
}

TEST(EngineLog, BeginsANewFileAtTheLimit) {
  const tests::TemporaryFolder folder;
  Pipe pipe;
  const auto log = std::move(*EngineLog::open(folder / "e.log", std::move(pipe.reading), {.file_bytes = 10}));
  for (const auto* text : {"first...\n", "second..\n", "third...\n", "fourth..\n"}) {
    pipe.write(text);
    log->settle(10s);
  }
  EXPECT_EQ(read_text(folder / "e.log.1"), "first...\n");
  EXPECT_EQ(read_text(folder / "e.log.2"), "third...\n");
  EXPECT_EQ(read_text(folder / "e.log"), "fourth..\n");
  EXPECT_EQ(log->tail(0), "first...\nsecond..\nthird...\nfourth..\n");
}

TEST(EngineLog, CutsEndlessLines) {
  Pipe pipe;
  const auto log = std::move(*EngineLog::open("", std::move(pipe.reading), {.line_bytes = 4}));
  pipe.write("abcdefgh\nxy\n");
  log->settle(10s);
  EXPECT_EQ(log->tail(0), "abcd\nxy\n");
}

TEST(EngineLog, SaysWhyItCannotWrite) {
  Pipe pipe;
  const auto log = EngineLog::open("/proc/no/such.log", std::move(pipe.reading));
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().message, "can't write the engine log /proc/no/such.log: No such file or directory");
}

}  // namespace
}  // namespace autotuner::hosts
