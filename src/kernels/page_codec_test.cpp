#include "kernels/page_codec.hpp"

#include <gtest/gtest.h>

namespace autotuner::kernels {
namespace {

constexpr std::int64_t nothing = 0, snappy = 1, zstd = 6;

TEST(Unpack, CopiesWhatWasWrittenAlsoIntoItself) {
  // Length 12, "ab", then 10 bytes from 2 back: a copy that reads what it writes.
  const std::string packed{'\x0c', '\x04', 'a', 'b', '\x26', '\x02', '\x00'};
  const auto page = unpack(snappy, packed, 12);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(*page, "abababababab");
}

TEST(Unpack, RefusesSnappyThatReachesBeyondItsBytes) {
  const std::string before{'\x04', '\x00', 'a', '\x09', '\x05'};  // 5 back after one byte
  EXPECT_FALSE(unpack(snappy, before, 4));
  const std::string longer{'\x02', '\x04', 'a', 'b', '\x09', '\x01'};  // six bytes of two
  EXPECT_FALSE(unpack(snappy, longer, 2));
  const std::string missing{'\x05', '\x10', 'a'};
  EXPECT_FALSE(unpack(snappy, missing, 5));
  EXPECT_FALSE(unpack(snappy, "", 3));
}

TEST(Unpack, HoldsTheSizeAgainstTheHeader) {
  EXPECT_EQ(unpack(nothing, "abc", 3), "abc");
  EXPECT_EQ(unpack(nothing, "abc", 4).error().message, "a page has 3 bytes; its header says 4");
  EXPECT_EQ(unpack(zstd, "abc", 3).error().message, "a page is no Zstandard data");
  EXPECT_EQ(unpack(4, "abc", 3).error().message, "its compression 4 can't be read; Snappy and Zstandard can");
}

}  // namespace
}  // namespace autotuner::kernels
