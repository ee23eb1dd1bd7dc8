#include "hosts/port_finder.hpp"

#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fake_process.hpp"
#include "tests/support/listener.hpp"

namespace autotuner::hosts {
namespace {

using tests::Listener;
using tests::TemporaryFolder;

TEST(PortFinder, TakesTheLowestFreePortAndNeverTheSameTwice) {
  const TemporaryFolder folder;
  const PortFinder finder(31100, 31119, {}, folder / "run");
  auto first = finder.take();
  ASSERT_TRUE(first);
  const auto second = PortFinder(31100, 31119, {}, folder / "run").take();
  ASSERT_TRUE(second);
  EXPECT_LT(first->port(), second->port());
  const int port = first->port();
  *first = PortLease();
  EXPECT_EQ(finder.take()->port(), port);
}

TEST(PortFinder, SkipsPortsThatSomebodyListensOn) {
  const TemporaryFolder folder;
  for (const char* address : {"127.0.0.1", "0.0.0.0", "::1"}) {
    const Listener stranger(address, 0);
    if (stranger.port() == 0) continue;  // no IPv6 here
    EXPECT_FALSE(is_port_free(stranger.port())) << address;
    const auto lease = PortFinder(stranger.port(), stranger.port(), {}, folder.path()).take();
    ASSERT_FALSE(lease);
    EXPECT_EQ(lease.error().kind, base::ErrorKind::unavailable);
    EXPECT_EQ(lease.error().message,
              "no free port in " + std::to_string(stranger.port()) + "-" + std::to_string(stranger.port()) +
                  ": 0 reserved by other experiments, 1 in use by other programs, 0 excluded");
  }
}

TEST(PortFinder, LeavesOutExcludedPorts) {
  const TemporaryFolder folder;
  EXPECT_FALSE(PortFinder(31120, 31120, {31120}, folder.path()).take());
}

TEST(PortFinder, ReservationsOfAKilledProcessEndWithIt) {
  const TemporaryFolder folder;
  // A range of one free port, so that the second finder has no other choice.
  int port = 31130;
  while (!is_port_free(port)) ++port;
  const PortFinder finder(port, port, {}, folder.path());
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const pid_t other = ::fork();
  if (other == 0) {
    const auto lease = finder.take();
    const char taken = lease ? 'y' : 'n';
    if (::write(pipe[1], &taken, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char taken = 0;
  ASSERT_EQ(::read(pipe[0], &taken, 1), 1);
  EXPECT_EQ(taken, 'y');
  EXPECT_FALSE(finder.take());
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  EXPECT_TRUE(finder.take());
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(PortFinder, SaysWhenItCannotLock) {
  const auto lease = PortFinder(31120, 31121, {}, "/proc/nowhere").take();
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().message,
            "can't reserve a port: /proc/nowhere/port-31120.lock: No such file or directory");
}

}  // namespace
}  // namespace autotuner::hosts
