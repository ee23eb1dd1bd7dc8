#include "hosts/socket_owner.hpp"

#include <array>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/listener.hpp"

namespace autotuner::hosts {
namespace {

constexpr std::string_view head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

TEST(ListeningSockets, ReadsStatePortAddressAndInode) {
  const auto table =
      std::string(head) +
      "   0: 0100007F:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 577 1 0 100 0\n"
      "   1: 00000000:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 578 1 0 100 0\n"
      "   2: 0100007F:7530 0100007F:C350 01 00000000:00000000 00:00000000 00000000  0  0 579 1 0 100 0\n"
      "   3: 0200000A:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 580 1 0 100 0\n"
      "   4: 0100007F:7531 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 581 1 0 100 0\n";
  EXPECT_THAT(listening_sockets(table, 30000),
              testing::ElementsAre(ListeningSocket{577, 0}, ListeningSocket{578, 1}));
}

TEST(ListeningSockets, ReadsTheTableOfVersion6) {
  const std::string table =
      "   0: 00000000000000000000000000000000:7530 00000000000000000000000000000000:0000 0A 0:0 00:0 0  0  0 "
      "9 1\n"
      "   1: 0000000000000000FFFF00000100007F:7530 00000000000000000000000000000000:0000 0A 0:0 00:0 0  0  0 "
      "8 1\n"
      "   2: 00000000000000000000000001000000:7530 00000000000000000000000000000000:0000 0A 0:0 00:0 0  0  0 "
      "7 1\n";
  EXPECT_THAT(listening_sockets(table, 30000),
              testing::ElementsAre(ListeningSocket{9, 2}, ListeningSocket{8, 0}));
  EXPECT_TRUE(listening_sockets("garbage\n\n 1: x", 30000).empty());
}

TEST(OwnerOfPort, KnowsOursFromAStrangersAndFromNobodys) {
  const tests::Listener listener("127.0.0.1", 0);
  const std::array<int, 1> us{::getpid()};
  const std::array<int, 1> others{1};
  EXPECT_EQ(owner_of_port(listener.port(), us).owner, SocketOwner::ours);
  const auto stranger = owner_of_port(listener.port(), others);
  EXPECT_EQ(stranger.owner, SocketOwner::stranger);
  EXPECT_EQ(stranger.who, fmt::format("pid {} (hosts_test)", ::getpid()));
  EXPECT_EQ(owner_of_port(1, us).owner, SocketOwner::nobody);
}

TEST(OwnerOfPort, LooksAtTheSocketThatAnswersFirst) {
  const tests::Listener narrow("127.0.0.1", 0);
  const std::array<int, 1> us{::getpid()};
  EXPECT_EQ(owner_of_port(narrow.port(), us).owner, SocketOwner::ours);
}

}  // namespace
}  // namespace autotuner::hosts
