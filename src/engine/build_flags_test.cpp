#include "engine/build_flags.hpp"

#include <gtest/gtest.h>

namespace autotuner::engine {
namespace {

constexpr std::string_view older_help =
    "-fa,   --flash-attn                  enable it (default: disabled)\n--mlock   keep\n--no-mmap  no map\n";
constexpr std::string_view middle_help =
    "-fa,   --flash-attn [on|off|auto]    set it\n--mlock   keep\n--mmap, --no-mmap  map (see --mlock).\n";
constexpr std::string_view newer_help =
    "-fa,   --flash-attn [on|off|auto]    set it\n--load-mode {auto,none}  how\n";

space::Point adapted(const space::Point& flags, std::string_view help) {
  std::vector<std::string> notes;
  return adapted_to_build(flags, RuntimeId::llamacpp, help, notes);
}

TEST(FlagsInHelp, AreTheLongNames) {
  EXPECT_EQ(flags_in_help(middle_help), (std::set<std::string>{"flash-attn", "mlock", "mmap", "no-mmap"}));
  EXPECT_TRUE(flags_in_help("----- common -----\nnothing -- here a--b").empty());
  EXPECT_TRUE(flags_in_help("").empty());
}

TEST(AdaptedToBuild, TurnsTheOlderSwitchesIntoLoadMode) {
  EXPECT_EQ(adapted({{"no-mmap", true}}, newer_help), (space::Point{{"load-mode", "none"}}));
  EXPECT_EQ(adapted({{"mlock", true}, {"no-mmap", false}}, newer_help),
            (space::Point{{"load-mode", "mmap+mlock"}}));
  EXPECT_EQ(adapted({{"mlock", true}, {"no-mmap", true}}, newer_help),
            (space::Point{{"load-mode", "mlock"}}));
  EXPECT_EQ(adapted({{"no-mmap", false}, {"threads", 2}}, newer_help), (space::Point{{"threads", 2}}));
  EXPECT_EQ(adapted({{"no-mmap", true}}, middle_help), (space::Point{{"no-mmap", true}}));
}

TEST(AdaptedToBuild, SpellsFlashAttentionAsASwitchOnOlderBuilds) {
  EXPECT_EQ(adapted({{"flash-attn", "on"}}, older_help), (space::Point{{"flash-attn", true}}));
  EXPECT_EQ(adapted({{"flash-attn", "off"}}, older_help), space::Point{});
  EXPECT_EQ(adapted({{"flash-attn", "off"}}, middle_help), (space::Point{{"flash-attn", "off"}}));
}

TEST(AdaptedToBuild, SaysWhatItChangedAndTrustsNoEmptyHelp) {
  std::vector<std::string> notes;
  (void)adapted_to_build({{"mlock", true}}, RuntimeId::llamacpp, newer_help, notes);
  EXPECT_EQ(notes, std::vector<std::string>{"no-mmap and mlock are load-mode mmap+mlock on this build"});
  EXPECT_EQ(adapted({{"mlock", true}}, ""), (space::Point{{"mlock", true}}));
}

TEST(UnknownToBuild, ListsWhatTheHelpLacks) {
  EXPECT_EQ(unknown_to_build({{"mlock", true}, {"kv-unified", true}}, middle_help),
            std::vector<std::string>{"kv-unified"});
  EXPECT_TRUE(unknown_to_build({{"mlock", true}}, "").empty());
}

}  // namespace
}  // namespace autotuner::engine
