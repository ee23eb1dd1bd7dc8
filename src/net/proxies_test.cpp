#include "net/proxies.hpp"

#include <gtest/gtest.h>

namespace autotuner::net {
namespace {

const Proxies proxies{"http://proxy:3128", "http://secure:3129", "localhost, .corp.example,10.0.0.7:8080"};

TEST(Proxies, AreChosenByTheSchemeOfTheUrl) {
  EXPECT_EQ(proxies.of("http://models.org/a?b=http://x"), "http://proxy:3128");
  EXPECT_EQ(proxies.of("https://models.org/a"), "http://secure:3129");
  EXPECT_EQ(Proxies{}.of("https://models.org/a"), "");
}

TEST(Proxies, LeaveOutThisMachineAndTheListedHosts) {
  EXPECT_EQ(proxies.of("http://127.0.0.1:8000/"), "");
  EXPECT_EQ(proxies.of("https://hub.Corp.example/x"), "");
  EXPECT_EQ(proxies.of("https://corp.example/x"), "");
  EXPECT_EQ(proxies.of("https://notcorp.example/x"), "http://secure:3129");
  EXPECT_EQ(proxies.of("http://10.0.0.7:8080/x"), "");
  EXPECT_EQ((Proxies{"http://p:1", "", "*"}.of("http://models.org")), "");
  EXPECT_EQ(proxies.of("no url"), "");
}

}  // namespace
}  // namespace autotuner::net
