#include "hosts/process_table.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace autotuner::hosts {
namespace {

TEST(ParseStat, ReadsNamesWithSpacesAndParentheses) {
  const auto entry = parse_stat(
      "42 (a (b) c) S 7 40 39 0 -1 4194304 100 0 0 0 11 12 13 14 20 0 1 0 999 1000000 3 18446744073709551615 "
      "0");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->pid, 42);
  EXPECT_EQ(entry->name, "a (b) c");
  EXPECT_EQ(entry->state, 'S');
  EXPECT_EQ(entry->parent, 7);
  EXPECT_EQ(entry->group, 40);
  EXPECT_EQ(entry->session, 39);
  EXPECT_EQ(entry->cpu_ticks, 50U);
  EXPECT_EQ(entry->started_ticks, 999U);
  EXPECT_EQ(entry->resident_bytes, 3U * static_cast<unsigned long>(::sysconf(_SC_PAGESIZE)));
}

TEST(ParseStat, RefusesWhatIsCutOff) {
  for (const char* text : {"", "42", "42 (x", "42 (x)", "42 (x) S 7 40", "x (y) S 1 1"})
    EXPECT_FALSE(parse_stat(text)) << text;
}

TEST(ParseStat, RefusesNumbersThatASignalWouldTakeForAGroup) {
  const std::string rest = " S 7 40 39 0 -1 4194304 100 0 0 0 11 12 13 14 20 0 1 0 999 1000000 3 1844 0";
  EXPECT_TRUE(parse_stat("1 (x)" + rest));
  EXPECT_FALSE(parse_stat("-9 (x)" + rest));
  EXPECT_FALSE(parse_stat("0 (x)" + rest));
  EXPECT_FALSE(parse_stat("1 )x(" + rest));
}

TEST(TreeOf, HoldsChildrenOfChildrenAndNobodyElse) {
  std::vector<ProcessEntry> all(5);
  const std::array<std::pair<int, int>, 5> pids{{{30, 20}, {10, 1}, {20, 10}, {40, 1}, {50, 40}}};
  for (std::size_t i = 0; i < all.size(); ++i) std::tie(all[i].pid, all[i].parent) = pids[i];
  std::vector<int> tree;
  for (const auto& entry : tree_of(10, all)) tree.push_back(entry.pid);
  EXPECT_THAT(tree, testing::UnorderedElementsAre(10, 20, 30));
}

TEST(FindProcess, KnowsUs) {
  ASSERT_TRUE(find_process(::getpid()));
  EXPECT_EQ(find_process(::getpid())->parent, ::getppid());
  EXPECT_FALSE(find_process(0));
}

}  // namespace
}  // namespace autotuner::hosts
