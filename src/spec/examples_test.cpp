#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "spec/task.hpp"
#include "tests/support/task_documents.hpp"

namespace autotuner::spec {
namespace {

struct Example {
  std::string name;
  std::string text;
};

std::vector<Example> examples() {
  std::vector<Example> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(AUTOTUNER_SOURCE_DIR) / "examples")) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    all.push_back({entry.path().filename().string(), text.str()});
  }
  return all;
}

TEST(Examples, LoadWithoutAProblem) {
  const auto all = examples();
  EXPECT_GE(all.size(), 10U);
  for (const auto& example : all) {
    const auto loaded = load_task(example.text, format_of(example.name), {.strict = true});
    EXPECT_TRUE(loaded.task) << example.name << "\n" << test::all_problems(loaded);
    if (!loaded.task) continue;
    EXPECT_TRUE(example.name.starts_with(loaded.task->name)) << example.name;
    EXPECT_FALSE(loaded.task->document.empty());
    const auto again = test::load_json(loaded.task->document);
    EXPECT_TRUE(again.task) << example.name << "\n" << test::all_problems(again);
    if (again.task) EXPECT_EQ(again.task->space, loaded.task->space) << example.name;
  }
}

TEST(Examples, StayReadableOrSayWhyWhenTheyAreCutShort) {
  for (const auto& example : examples()) {
    for (std::size_t length = 0; length < example.text.size(); length += 29) {
      const auto loaded = load_task(example.text.substr(0, length), format_of(example.name));
      EXPECT_EQ(loaded.task.has_value(), !loaded.has_errors());
      if (!loaded.task) EXPECT_FALSE(loaded.problems.empty()) << example.name << " cut at " << length;
    }
  }
}

TEST(Examples, NeverBreakTheReaderWhenBytesChange) {
  base::Random random(20240229);
  constexpr int rounds = 60;
  for (const auto& example : examples()) {
    for (int round = 0; round < rounds; ++round) {
      std::string text = example.text;
      const auto changes = random.integer(1, 4);
      for (std::int64_t i = 0; i < changes; ++i) {
        const auto at =
            static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1));
        // mostly characters that mean something to a parser
        constexpr std::string_view marks = "{}[]():,\"'&*!|>#-?%@ \n\t0e.";
        const auto pick =
            static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(marks.size()) + 7));
        text[at] = pick < marks.size() ? marks[pick] : static_cast<char>(random.integer(-128, 127));
      }
      const auto loaded = load_task(text, format_of(example.name));
      if (!loaded.task) ASSERT_FALSE(loaded.problems.empty()) << text;
    }
  }
}

}  // namespace
}  // namespace autotuner::spec
