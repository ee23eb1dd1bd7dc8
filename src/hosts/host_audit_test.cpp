#include "hosts/host_audit.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/cpu_facts.hpp"
#include "hosts/host_usage.hpp"
#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"

namespace autotuner::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::write_file;

class AuditHost : public testing::Test {
 protected:
  tuning::HostFact fact(const std::string& name) const {
    const auto facts = audit_host({folder_.path(), {}});
    const auto found = std::ranges::find(facts, name, &tuning::HostFact::name);
    EXPECT_NE(found, facts.end()) << name;
    return found == facts.end() ? tuning::HostFact{} : *found;
  }
  void write(const std::string& path, const std::string& text) const { write_file(folder_ / path, text); }
  tests::TemporaryFolder folder_;
};

TEST_F(AuditHost, SaysUnknownWhereTheHostSaysNothing) {
  for (const char* name : {"cpu", "cores", "governor", "boost", "smt", "numa", "memory", "swap", "load"}) {
    EXPECT_EQ(fact(name).state, "unknown") << name;
  }
}

TEST_F(AuditHost, NamesTheRemedyOfWhatIsDoubtful) {
  write("sys/devices/system/cpu/online", "0-1\n");
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  write("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
  write("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
  write("sys/devices/system/cpu/smt/active", "1\n");
  write("sys/devices/system/node/online", "0-1\n");
  write("proc/meminfo",
        "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\nSwapTotal: 1048576 kB\nSwapFree: 524288 kB\n");
  write("proc/loadavg", "1.50 0.70 0.30 1/100 1234\n");
  write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
  EXPECT_EQ(fact("governor").value, "performance, powersave");
  EXPECT_THAT(fact("governor").remedy, HasSubstr("cpupower frequency-set -g performance"));
  EXPECT_EQ(fact("boost").value, "on");
  EXPECT_THAT(fact("boost").remedy, HasSubstr("no_turbo"));
  EXPECT_EQ(fact("numa").value, "2 nodes");
  EXPECT_EQ(fact("swap").value, "0.5 of 1.0 GiB used");
  EXPECT_EQ(fact("memory").value, "1.0 of 2.0 GiB available");
  EXPECT_EQ(fact("load").value, "1.50 on 2 CPUs");
  for (const char* name : {"governor", "boost", "smt", "numa", "swap", "load", "transparent huge pages"}) {
    EXPECT_EQ(fact(name).state, "doubtful") << name;
    EXPECT_FALSE(fact(name).remedy.empty()) << name;
  }
}

TEST_F(AuditHost, IsContentWithAQuietHost) {
  write("sys/devices/system/cpu/online", "0\n");
  write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  write("sys/devices/system/cpu/cpufreq/boost", "0\n");
  write("sys/devices/system/cpu/smt/active", "0\n");
  write("sys/devices/system/node/online", "0\n");
  write("proc/cpuinfo", "processor : 0\nmodel name\t: Fast CPU @ 3 GHz\n");
  write("proc/meminfo", "MemTotal: 10 kB\nMemAvailable: 10 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
  write("proc/loadavg", "0.01 0.70 0.30 1/100 1234\n");
  write("proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar 5\n");
  EXPECT_EQ(fact("cpu").value, "Fast CPU @ 3 GHz");
  EXPECT_EQ(fact("gpu driver").value, "NVIDIA 550.54.15");
  EXPECT_EQ(fact("gpus").value, "none");
  for (const char* name : {"governor", "boost", "smt", "numa", "swap", "load"})
    EXPECT_EQ(fact(name).state, "ok") << name;
}

TEST(DetectHardware, FindsCoresAndMemoryOfThisHost) {
  const auto hardware = detect_hardware({});
  EXPECT_GE(hardware.cores, 1);
  EXPECT_GT(hardware.memory_gib, 0.01);
  EXPECT_EQ(hardware.gpus, 0);
}

TEST(ParseCpuList, ReadsRangesAndSingles) {
  EXPECT_THAT(parse_cpu_list("0-2,8\n"), ElementsAre(0, 1, 2, 8));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_THAT(parse_cpu_list("0-4294967295,-1,1e99,3"), ElementsAre(3));
}

TEST(BusyTicks, CountUserNiceSystemAndStealOnly) {
  EXPECT_EQ(busy_ticks("cpu  100 20 3 5000 600 70 80 4 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"), 127U);
  EXPECT_EQ(busy_ticks("garbage"), 0U);
}

TEST(ForeignCores, AreBusyTimeLessOurs) {
  const base::SteadyTime start;
  const CpuTimes before{1000, 500, start};
  const CpuTimes after{1400, 600, start + std::chrono::seconds(2)};
  EXPECT_DOUBLE_EQ(foreign_cores(before, after, 100), 1.5);
  EXPECT_DOUBLE_EQ(foreign_cores(after, before, 100), 0);
  const CpuTimes all_ours{1100, 700, start + std::chrono::seconds(2)};
  EXPECT_DOUBLE_EQ(foreign_cores(before, all_ours, 100), 0);
}

TEST(ReadCpuTimes, CountOurOwnWork) {
  const auto before = read_cpu_times();
  EXPECT_TRUE(tests::comes_true([&] { return read_cpu_times().known >= before.known + 5; }));
  EXPECT_GE(read_cpu_times().busy, before.busy);
}

}  // namespace
}  // namespace autotuner::hosts
