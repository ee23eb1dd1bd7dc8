#include "hosts/memory_limit.hpp"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "hosts/engine_log.hpp"
#include "hosts/process.hpp"
#include "tests/support/fake_process.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;

constexpr const char* mounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 /docker/abc /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(OwnMemoryGroup, PrefersTheMemoryControllerOfVersion1) {
  EXPECT_EQ(own_memory_group("4:memory:/a/b\n0::/docker/abc/x\n", mounts),
            (MemoryGroup{1, "/sys/fs/cgroup/memory/a/b"}));
}

TEST(OwnMemoryGroup, TakesTheRootOfAContainersMountOff) {
  EXPECT_EQ(own_memory_group("0::/docker/abc/x\n", mounts), (MemoryGroup{2, "/sys/fs/cgroup/unified/x"}));
  EXPECT_EQ(own_memory_group("0::/\n", mounts), (MemoryGroup{2, "/sys/fs/cgroup/unified"}));
  EXPECT_EQ(own_memory_group("", ""), MemoryGroup{});
}

TEST(FreeMemory, IsSomethingBetweenAMegabyteAndAPetabyte) {
  EXPECT_GT(free_memory(), 1ULL << 20);
  EXPECT_LT(free_memory(), 1ULL << 50);
}

TEST(MemoryLimit, EndsAnEngineThatTakesMoreAndLeavesNoGroup) {
  const auto limit = make_memory_limit(128U << 20, "test-" + std::to_string(::getpid()), true);
  const bool grouped = !limit.group_folder.empty();
  ProcessSpec spec;
  spec.command = {tests::fake_engine(), "--behave", "eat"};
  spec.group_folder = limit.group_folder;
  if (!grouped) spec.address_space = limit.bytes;
  {
    const auto process = std::move(*Process::start(spec));
    const auto log = std::move(*EngineLog::open("", process->take_output()));
    ASSERT_TRUE(process->wait_for_exit(tests::in(30s)));
    // A group kills; a limit of the address space lets allocations fail.
    EXPECT_EQ(process->exit_status(),
              grouped ? (engine::ExitStatus{-1, SIGKILL}) : (engine::ExitStatus{1, 0}));
    EXPECT_EQ(limit.was_hit(), grouped);
  }
  EXPECT_TRUE(!grouped || !std::filesystem::exists(limit.group_folder));
}

TEST(MemoryLimit, IsNoneForAnEngineThatMapsMoreThanItUsesWhereNoGroupCanBeMade) {
  const auto limit = make_memory_limit(128U << 20, "no/such/parent", false);
  EXPECT_EQ(limit.means, MemoryLimit::Means::none);
  const auto space = make_memory_limit(128U << 20, "no/such/parent", true);
  EXPECT_EQ(space.means, MemoryLimit::Means::address_space);
  EXPECT_EQ(space.bytes, 128U << 20);
}

}  // namespace
}  // namespace autotuner::hosts
