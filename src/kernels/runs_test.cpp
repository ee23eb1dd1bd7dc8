#include "kernels/runs.hpp"

#include <gtest/gtest.h>

namespace autotuner::kernels {
namespace {

using Values = std::vector<std::uint32_t>;

TEST(ReadRuns, MixesRunsAndPackedBits) {
  // Three times 5, then one group of eight numbers of three bits: 0 1 2 3 4 5 6 7 (the format's own example).
  const std::string bytes{'\x06', '\x05', '\x03', '\x88', '\xc6', '\xfa'};
  EXPECT_EQ(read_runs(bytes, 3, 11), (Values{5, 5, 5, 0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(read_runs(bytes, 3, 5), (Values{5, 5, 5, 0, 1})) << "what fills up the last group is left out";
}

TEST(ReadRuns, ReadsWideNumbersAndNumbersOfNoBits) {
  EXPECT_EQ(read_runs(std::string{'\x02', '\x01', '\x02', '\x03', '\x04'}, 32, 1), (Values{0x04030201}));
  EXPECT_EQ(read_runs(std::string{'\x0a'}, 0, 5), (Values{0, 0, 0, 0, 0}));
}

TEST(ReadRuns, KeepsValuesWithinTheirWidth) {
  EXPECT_EQ(read_runs(std::string{'\x04', '\xff'}, 1, 2), (Values{1, 1}));
}

TEST(ReadRuns, RefusesBytesThatHoldFewer) {
  EXPECT_EQ(read_runs(std::string{'\x06', '\x05'}, 3, 4).error().message, "a page ends after 3 of 4 values");
  EXPECT_FALSE(read_runs("", 1, 1));
  EXPECT_FALSE(read_runs(std::string{'\x03', '\x88'}, 3, 8)) << "a group without its bytes";
  EXPECT_FALSE(read_runs(std::string(9, '\x02'), 33, 1));
}

}  // namespace
}  // namespace autotuner::kernels
