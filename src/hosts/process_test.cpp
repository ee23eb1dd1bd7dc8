#include "hosts/process.hpp"

#include <array>
#include <csignal>
#include <functional>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosts/engine_log.hpp"
#include "hosts/process_table.hpp"
#include "tests/support/fake_process.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::comes_true;
using tests::fake_engine;
using tests::in;

/// A started program with its log read.
struct Started {
  std::unique_ptr<Process> process;
  std::unique_ptr<EngineLog> log;
};

Started start(std::vector<std::string> command, const std::function<void(ProcessSpec&)>& change = {}) {
  ProcessSpec spec;
  spec.command = std::move(command);
  spec.environment["PATH"] = "/usr/bin:/bin";
  if (change) change(spec);
  auto process = Process::start(spec);
  EXPECT_TRUE(process) << process.error().message;
  Started started;
  started.process = std::move(*process);
  started.log = std::move(*EngineLog::open("", started.process->take_output()));
  return started;
}

int grandchild_of(const Started& started) {
  int pid = 0;
  EXPECT_TRUE(comes_true([&] {
    const auto text = started.log->tail(0);
    const auto at = text.find("grandchild ");
    if (at == std::string::npos || text.find('\n', at) == std::string::npos) return false;
    pid = std::atoi(text.c_str() + at + 11);
    return true;
  }));
  return pid;
}

TEST(Process, ReportsTheExitCodeAndTheOutput) {
  const auto started = start({"/bin/sh", "-c", "echo hello; echo sorry >&2; exit 7"});
  ASSERT_TRUE(started.process->wait_for_exit(in(10s)));
  EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{7, 0}));
  started.log->settle(5s);
  EXPECT_EQ(started.log->tail(0), "hello\nsorry\n");
}

TEST(Process, ReportsTheSignalThatEndedIt) {
  for (const int number : {SIGILL, SIGKILL, SIGSEGV}) {
    const auto started = start({"/bin/sh", "-c", "kill -" + std::to_string(number) + " $$"});
    ASSERT_TRUE(started.process->wait_for_exit(in(10s)));
    EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{-1, number}));
  }
}

TEST(Process, SaysWhyAProgramCannotBeStarted) {
  ProcessSpec spec;
  spec.command = {"/no/such/engine"};
  const auto missing = Process::start(spec);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, base::ErrorKind::unavailable);
  EXPECT_EQ(missing.error().message,
            "can't start /no/such/engine: No such file or directory (not executable)");
  spec.command = {"/etc/passwd"};
  EXPECT_THAT(Process::start(spec).error().message, HasSubstr("Permission denied"));
}

TEST(Process, HasItsOwnSessionNoInputAndNoneOfOurFiles) {
  const auto started =
      start({"/bin/sh", "-c", "cat; ls /proc/self/fd | tr '\\n' ' '; echo; cat /proc/self/stat"});
  ASSERT_TRUE(started.process->wait_for_exit(in(10s)));
  started.log->settle(5s);
  const auto text = started.log->tail(0);
  EXPECT_THAT(text, testing::StartsWith("0 1 2 3 \n"));  // 3 is the folder that ls itself reads
  const auto entry = parse_stat(text.substr(text.find('\n') + 1));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->session, started.process->pid());
  EXPECT_EQ(entry->group, started.process->pid());
}

TEST(Process, EndsAtSigtermWithinItsGrace) {
  const auto started = start({"/bin/sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do :; done"});
  ASSERT_TRUE(comes_true([&] { return started.log->tail(0) == "up\n"; }));
  ASSERT_TRUE(started.process->stop(10s));
  EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{0, 0}));
  EXPECT_TRUE(started.process->stop(10s));
}

TEST(Process, IsKilledWhenItIgnoresSigterm) {
  const auto started = start({fake_engine(), "--behave", "ignore-term", "--behave", "no-listen"});
  ASSERT_TRUE(comes_true([&] { return started.log->tail(1) == "waiting\n"; }));
  ASSERT_TRUE(started.process->stop(50ms));
  EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{-1, SIGKILL}));
}

TEST(Process, TakesGrandchildrenThatEscapedWithIt) {
  const auto started = start({fake_engine(), "--behave", "escape", "--behave", "no-listen"});
  const int grandchild = grandchild_of(started);
  ASSERT_TRUE(is_alive(grandchild));
  EXPECT_THAT(started.process->tree(), testing::UnorderedElementsAre(started.process->pid(), grandchild));
  ASSERT_TRUE(started.process->stop(5s));
  EXPECT_FALSE(is_alive(grandchild));
  EXPECT_TRUE(started.process->tree().empty());
}

TEST(Process, TakesWhatACrashedEngineLeftBehind) {
  const auto started = start({fake_engine(), "--behave", "escape", "--behave", "exit-at-once"});
  const int grandchild = grandchild_of(started);
  ASSERT_TRUE(started.process->wait_for_exit(in(10s)));
  EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{3, 0}));
  EXPECT_TRUE(is_alive(grandchild));
  ASSERT_TRUE(started.process->stop(5s));
  EXPECT_FALSE(is_alive(grandchild));
}

TEST(Process, DestroyingItLeavesNothing) {
  auto started =
      start({fake_engine(), "--behave", "escape", "--behave", "ignore-term", "--behave", "no-listen"});
  const int grandchild = grandchild_of(started);
  const int engine = started.process->pid();
  started.process.reset();
  EXPECT_FALSE(is_alive(engine));
  EXPECT_FALSE(is_alive(grandchild));
}

TEST(Process, LeavesNothingWhenWeAreKilled) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const pid_t owner = ::fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    const auto started =
        start({fake_engine(), "--behave", "escape", "--behave", "ignore-term", "--behave", "no-listen"});
    const std::array<int, 3> pids{started.process->pid(), grandchild_of(started),
                                  started.process->keeper_pid()};
    if (::write(pipe[1], pids.data(), sizeof pids) != sizeof pids) ::_exit(1);
    while (true) ::pause();
  }
  std::array<int, 3> pids{};
  ASSERT_EQ(::read(pipe[0], pids.data(), sizeof pids), static_cast<ssize_t>(sizeof pids));
  for (const int pid : pids) EXPECT_TRUE(is_alive(pid));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  for (const int pid : pids) EXPECT_TRUE(comes_true([&] { return !is_alive(pid); })) << pid;
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(Process, FindsItsTreeByTagWhenEvenTheKeeperWasKilled) {
  const auto started = start({fake_engine(), "--behave", "escape", "--behave", "no-listen"},
                             [](ProcessSpec& spec) { spec.tag = make_tag("tagged"); });
  const int grandchild = grandchild_of(started);
  ::kill(started.process->keeper_pid(), SIGKILL);
  ASSERT_TRUE(started.process->wait_for_exit(in(10s)));
  EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{-1, SIGKILL}));
  ASSERT_TRUE(started.process->stop(1s));
  EXPECT_TRUE(comes_true([&] { return !is_alive(grandchild); }));
  EXPECT_TRUE(comes_true([&] { return !is_alive(started.process->pid()); }));
}

TEST(Process, SweepsOrphansOfADeadOwnerOnly) {
  const auto ours =
      start({fake_engine(), "--behave", "no-listen"}, [](ProcessSpec& spec) { spec.tag = make_tag("ours"); });
  const auto theirs = start({fake_engine(), "--behave", "no-listen"}, [](ProcessSpec& spec) {
    const auto tag = make_tag("theirs");
    spec.tag = tag.substr(0, tag.find(':')) + ":1:999999999999:theirs";
  });
  sweep_orphans();
  ASSERT_TRUE(theirs.process->wait_for_exit(in(10s)));
  EXPECT_FALSE(ours.process->exit_status());
}

TEST(Process, MapsNoMoreMemoryThanItsLimit) {
  const auto started =
      start({fake_engine(), "--behave", "eat"}, [](ProcessSpec& spec) { spec.address_space = 256U << 20; });
  ASSERT_TRUE(started.process->wait_for_exit(in(20s)));
  EXPECT_EQ(started.process->exit_status(), (engine::ExitStatus{1, 0}));
  started.log->settle(5s);
  EXPECT_THAT(started.log->tail(1), HasSubstr("failed to allocate"));
}

TEST(Process, RunsOnTheGivenCpusOnly) {
  const auto started = start({"/bin/sh", "-c", "grep Cpus_allowed_list /proc/self/status"},
                             [](ProcessSpec& spec) { spec.cpus = {0}; });
  ASSERT_TRUE(started.process->wait_for_exit(in(10s)));
  started.log->settle(5s);
  EXPECT_EQ(started.log->tail(0), "Cpus_allowed_list:\t0\n");
}

}  // namespace
}  // namespace autotuner::hosts
