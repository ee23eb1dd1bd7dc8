#include "hosts/secret_mask.hpp"

#include <gtest/gtest.h>

namespace autotuner::hosts {
namespace {

std::string masked_in_pieces(const std::vector<std::string>& values, std::string_view text,
                             std::size_t size) {
  SecretMask mask(values);
  std::string passed;
  for (std::size_t at = 0; at < text.size(); at += size) passed += mask.pass(text.substr(at, size));
  return passed + mask.rest();
}

TEST(SecretMask, HidesValuesWhereverTheTextIsSplit) {
  const std::vector<std::string> values{"sk-abab-key", "hf_token1"};
  const std::string text = "--api-key sk-abab-key hf_token1hf_token1 sk-abab-kez sk-sk-abab-key\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_EQ(masked_in_pieces(values, text, size), "--api-key *** ****** sk-abab-kez sk-***\n") << size;
  }
}

TEST(SecretMask, HidesTheLongerOfTwoValuesThatBeginAlike) {
  for (const std::size_t size : {1U, 3U, 100U})
    EXPECT_EQ(masked_in_pieces({"", "key-1", "key-1-long"}, "key-1 key-1-long key-1-lost\n", size),
              "*** *** ***-lost\n");
}

TEST(SecretMask, HoldsBackNoMoreThanMayBeSecret) {
  SecretMask mask({"sk-abcdef"});
  EXPECT_EQ(mask.pass("ready\nsk-ab"), "ready\n");
  EXPECT_EQ(mask.pass("out"), "sk-about");
  EXPECT_EQ(SecretMask({}).pass("anything"), "anything");
}

TEST(SecretMask, HidesWhatTheEndCutsOff) {
  SecretMask mask({"sk-abcdef"});
  EXPECT_EQ(mask.pass("key sk-a"), "key ");
  EXPECT_EQ(mask.rest(), "***");
  EXPECT_EQ(mask.pass("sk"), "");
  EXPECT_EQ(mask.rest(), "sk") << "too short to tell anything";
}

}  // namespace
}  // namespace autotuner::hosts
