#include "hosts/cpu_split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/cpu_facts.hpp"

namespace autotuner::hosts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Cores of one thread each, or of two as Linux numbers them: 0 and n, 1 and n + 1, ...
std::vector<std::vector<int>> cores(int count, int threads = 1) {
  std::vector<std::vector<int>> all;
  for (int core = 0; core < count; ++core) {
    all.push_back({core});
    if (threads == 2) all.back().push_back(core + count);
  }
  return all;
}

TEST(SplitCpus, GivesTheLastCoreToTheLoadGenerator) {
  const auto split = split_cpus(cores(4), std::nullopt, {});
  EXPECT_THAT(split.engine, ElementsAre(0, 1, 2));
  EXPECT_THAT(split.client, ElementsAre(3));
}

TEST(SplitCpus, NeverCutsACoreInTwo) {
  const auto split = split_cpus(cores(4, 2), std::nullopt, {});
  EXPECT_THAT(split.engine, ElementsAre(0, 1, 2, 4, 5, 6));
  EXPECT_THAT(split.client, ElementsAre(3, 7));
  EXPECT_THAT(split_cpus(cores(16), std::nullopt, {}).client, ElementsAre(14, 15));
}

TEST(SplitCpus, SharesFewCoresAndSmallQuotas) {
  const auto two = split_cpus(cores(2, 2), std::nullopt, {});
  EXPECT_TRUE(two.engine.empty() && two.client.empty());
  EXPECT_EQ(two.reason, "2 cores are too few to be shared out");
  EXPECT_THAT(split_cpus(cores(8), 2.5, {}).reason, HasSubstr("quota of 2.5 CPUs"));
  EXPECT_THAT(split_cpus(cores(8), 8.0, {}).client, ElementsAre(7));
}

TEST(SplitCpus, FollowsTheSettings) {
  EXPECT_TRUE(split_cpus(cores(8), std::nullopt, {"all", ""}).engine.empty());
  const auto engine = split_cpus(cores(4), std::nullopt, {"0-1", ""});
  EXPECT_THAT(engine.engine, ElementsAre(0, 1));
  EXPECT_THAT(engine.client, ElementsAre(2, 3));
  const auto client = split_cpus(cores(2), std::nullopt, {"", "1,99"});
  EXPECT_THAT(client.engine, ElementsAre(0));
  EXPECT_THAT(client.client, ElementsAre(1));
  EXPECT_THAT(split_cpus(cores(2), std::nullopt, {"0-1", ""}).reason, HasSubstr("leave none"));
}

TEST(SplitCpus, KnowsTheCoresOfThisHost) {
  const auto here = cores_of(allowed_cpus());
  EXPECT_EQ(static_cast<int>(here.size()), physical_cores(allowed_cpus()));
  const auto split = split_cpus(CpuWish{});
  EXPECT_EQ(split.engine.empty(), split.client.empty());
}

TEST(CpuListText, JoinsNeighbours) {
  EXPECT_EQ(cpu_list_text({3, 0, 1, 2, 8}), "0-3,8");
  EXPECT_EQ(cpu_list_text({5}), "5");
  EXPECT_EQ(cpu_list_text({}), "");
}

}  // namespace
}  // namespace autotuner::hosts
