#include <cmath>
#include <limits>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "base/boxed.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"

namespace autotuner::base {
namespace {

TEST(Boxed, CopiesItsValueAndIsEmptyOnceMovedFrom) {
  Boxed<std::string> first("a");
  auto copy = first;
  *copy += "b";
  EXPECT_EQ(*first, "a");
  EXPECT_NE(first, copy);
  first = copy;
  EXPECT_EQ(first, copy);
  const auto taken = std::move(first);
  EXPECT_EQ(taken->size(), 2U);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): its contract
  EXPECT_EQ(first, Boxed<std::string>());
  EXPECT_NE(first, taken);
  EXPECT_EQ(first.value_or("none"), "none");
  EXPECT_EQ(taken.value_or("none"), "ab");
}

TEST(Boxed, BeginsAnewWithADefault) {
  Boxed<std::string> text("a");
  EXPECT_EQ(text.emplace(), "");
  EXPECT_TRUE(text.has_value());
  text.reset();
  EXPECT_FALSE(text.has_value());
}

TEST(Result, CarriesAKindAndAFormattedMessage) {
  const Result<int> failed = invalid_input("max_batch is {}; must be at least {}", 0, 1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), (Error{ErrorKind::invalid_input, "max_batch is 0; must be at least 1"}));
  const std::map<ErrorKind, std::string> words{{ErrorKind::invalid_input, "invalid_input"},
                                               {ErrorKind::not_found, "not_found"},
                                               {ErrorKind::conflict, "conflict"},
                                               {ErrorKind::timed_out, "timed_out"},
                                               {ErrorKind::unavailable, "unavailable"},
                                               {ErrorKind::cancelled, "cancelled"},
                                               {ErrorKind::internal, "internal"}};
  for (const auto& [kind, word] : words) EXPECT_EQ(to_text(kind), word);
}

TEST(Json, NamesLineAndColumnOfWhatCanNotBeRead) {
  const auto broken = parse_json("{\n  \"a\": tru }");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with("line 2, column ")) << broken.error().message;
  EXPECT_FALSE(parse_json(""));
}

TEST(Json, WritesNoInfinityAndSurvivesInvalidText) {
  const Json document{{"a", number_or_null(std::numeric_limits<double>::infinity())},
                      {"b", number_or_null(1.5)},
                      {"c", "\xff"}};
  EXPECT_EQ(to_compact_text(document).substr(0, 18), R"({"a":null,"b":1.5,)");
  EXPECT_NE(to_pretty_text(document).find("\n  \"b\": 1.5"), std::string::npos);
  EXPECT_TRUE(number_or_null(std::nullopt).is_null());
}

TEST(Json, ReadsMembersOnlyOfTheWantedKind) {
  const Json document{{"number", 2}, {"flag", true}, {"text", "x"}};
  EXPECT_EQ(number_at(document, "number"), 2.0);
  EXPECT_FALSE(number_at(document, "flag"));
  EXPECT_FALSE(number_at(document, "missing"));
  EXPECT_FALSE(number_at(Json::array(), "number"));
  EXPECT_EQ(text_at(document, "text"), "x");
  EXPECT_FALSE(text_at(document, "number"));
  EXPECT_FALSE(text_at(Json::array(), "text"));
}

TEST(Clock, WritesIsoTimesAndDurationsForPeople) {
  using namespace std::chrono_literals;
  EXPECT_EQ(to_iso_text(SystemTime{} + 1s), "1970-01-01T00:00:01Z");
  EXPECT_EQ(to_iso_text(SystemTime{} + 1500ms), "1970-01-01T00:00:01.500000Z");
  EXPECT_EQ(to_duration_text(Seconds(0.85)), "850 ms");
  EXPECT_EQ(to_duration_text(Seconds(12.34)), "12.3 s");
  EXPECT_EQ(to_duration_text(Seconds(245)), "4 min 05 s");
  EXPECT_EQ(to_duration_text(Seconds(6600)), "1 h 50 min");
  EXPECT_EQ(to_duration_text(Seconds(-2)), "-2.0 s");
  const SystemClock clock;
  EXPECT_LE(clock.steady(), clock.steady());
  EXPECT_GT(clock.system(), SystemTime{});
}

TEST(Time, IsShownToPeopleInMinutes) {
  EXPECT_EQ(to_readable_time("2026-01-15T09:16:07.250000Z"), "2026-01-15 09:16 UTC");
  EXPECT_EQ(to_readable_time("2026-01-15T09:16:07Z"), "2026-01-15 09:16 UTC");
  EXPECT_EQ(to_readable_time("yesterday"), "yesterday");
  EXPECT_EQ(to_readable_time("2026-01-15T09:16:07+02:00"), "2026-01-15T09:16:07+02:00");
  EXPECT_EQ(to_readable_time(""), "");
}

TEST(Random, RepeatsItselfForOneSeedAndStreamAndDiffersForOthers) {
  Random a(7, 1);
  Random b(7, 1);
  Random c(7, 2);
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

TEST(Random, DrawsFromTheDistributionsItNames) {
  Random random(3);
  double normal = 0;
  double exponential = 0;
  std::map<std::int64_t, int> faces;
  constexpr int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform(2, 4);
    EXPECT_GE(u, 2);
    EXPECT_LT(u, 4);
    normal += random.normal(5, 2);
    exponential += random.exponential(3);
    ++faces[random.integer(1, 6)];
  }
  EXPECT_NEAR(normal / draws, 5, 0.1);
  EXPECT_NEAR(exponential / draws, 3, 0.15);
  EXPECT_EQ(faces.size(), 6U);
  for (const auto& [face, count] : faces) EXPECT_NEAR(count, draws / 6.0, 250) << face;
  EXPECT_EQ(random.integer(4, 4), 4);
  random.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  EXPECT_NE(stable_hash("a"), stable_hash("b"));
}

TEST(Text, WritesTheShortestDecimalThatReadsBack) {
  EXPECT_EQ(to_shortest_text(0.85), "0.85");
  EXPECT_EQ(to_shortest_text(2), "2.0");
  EXPECT_EQ(to_shortest_text(1e-5), "1e-05");
  EXPECT_EQ(to_shortest_text(1e16), "1e+16");
  EXPECT_EQ(to_shortest_text(0), "0.0");
  EXPECT_EQ(to_shortest_text(-0.0), "-0.0");
  EXPECT_EQ(to_shortest_text(std::nan("")), "nan");
  EXPECT_EQ(to_shortest_text(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(Text, WritesNumbersForPeople) {
  EXPECT_EQ(to_readable_number(3937.2), "3,937");
  EXPECT_EQ(to_readable_number(7.1), "7.1");
  EXPECT_EQ(to_readable_number(0.01842), "0.01842");
  EXPECT_EQ(to_readable_number(-1234567), "-1,234,567");
  EXPECT_EQ(to_readable_number(0), "0");
  EXPECT_EQ(to_readable_number(std::nan("")), "n/a");
}

TEST(Text, SuggestsTheNearestWordAndNothingFarOff) {
  const std::vector<std::string_view> words{"max-num-seqs", "threads", "batch-size"};
  EXPECT_EQ(nearest("max_num_seq", words), "max-num-seqs");
  EXPECT_EQ(nearest("thraeds", words), "threads");
  EXPECT_FALSE(nearest("quantization", words));
}

TEST(Text, SplitsJoinsTrimsAndReplaces) {
  EXPECT_EQ(trim("  a b\n"), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(to_lower("AbC"), "abc");
  const auto parts = split("a,,b", ',');
  EXPECT_EQ(parts, (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(join(parts, "-"), "a--b");
  EXPECT_EQ(replace_all("aXbX", "X", "XX"), "aXXbXX");
  EXPECT_EQ(replace_all("a", "", "b"), "a");
}

TEST(Text, HashesAndReadsWholeTokensAsNumbers) {
  EXPECT_EQ(sha256_hex("https://example.com/api_logs.csv.gz").substr(0, 16), "612176e95952e960");
  Sha256 pieces;
  pieces.add("a");
  pieces.add("");
  pieces.add("bc");
  EXPECT_EQ(pieces.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") << "FIPS 180-4";
  EXPECT_EQ(to_number("+1.5"), 1.5);
  EXPECT_FALSE(to_number("4bit"));
  EXPECT_FALSE(to_number(""));
}

TEST(Log, SaysMoreWhenAskedTo) {
  make_silent_logger()->info("nothing");
  EXPECT_EQ(make_stderr_logger(false)->level(), spdlog::level::warn);
  EXPECT_EQ(make_stderr_logger(true)->level(), spdlog::level::debug);
}

}  // namespace
}  // namespace autotuner::base
