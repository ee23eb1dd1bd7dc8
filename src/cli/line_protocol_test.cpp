#include "cli/line_protocol.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::cli {
namespace {

constexpr auto space_line =
    R"({"space": {"parameters": [{"name": "x", "type": "ordinal", "values": [1, 2, 4], "log": true}],
        "constraints": ["x <= 2"]}, "seed": 1, "budget": 2})";

std::vector<std::string> answers(const std::vector<std::string>& lines) {
  LineProtocol protocol(*strategy_options("gp"));
  std::vector<std::string> result;
  result.reserve(lines.size());
  for (const auto& line : lines) result.push_back(protocol.answer(line));
  return result;
}

TEST(LineProtocol, AsksAndIsToldUntilNothingIsLeft) {
  LineProtocol protocol(*strategy_options("gp"));
  EXPECT_EQ(protocol.answer(space_line), R"({"ready":true})");
  for (int i = 0; i < 2; ++i) {
    const auto answer = base::parse_json(protocol.answer(R"({"ask": 1})"));
    ASSERT_TRUE(answer->contains("point")) << base::to_compact_text(*answer);
    const base::Json told{{"tell", {{"point", (*answer)["point"]}, {"status", "ok"}, {"score", 2.5}}}};
    EXPECT_EQ(protocol.answer(base::to_compact_text(told)), R"({"ok":true})");
  }
  EXPECT_EQ(protocol.answer(R"({"ask": 1})"), R"({"done":true})");
}

TEST(LineProtocol, GivesSeveralPointsAtOnceAndFewerWhenFewerAreLeft) {
  const auto result = answers({space_line, R"({"ask": 4})", R"({"ask": 4})"});
  EXPECT_EQ((*base::parse_json(result[1]))["points"].size(), 2U);
  EXPECT_EQ(result[2], R"({"done":true})");
}

TEST(LineProtocol, TakesReportsBeforeTheFirstQuestionAndOfPointsNeverAskedFor) {
  const auto result = answers(
      {space_line, R"({"tell": {"point": {"x": 2}, "status": "oom_start", "detail": "", "metrics": {}}})",
       R"({"ask": 1})", R"({"ask": 1})"});
  EXPECT_EQ(result[1], R"({"ok":true})");
  EXPECT_EQ(result[2], R"({"point":{"x":1}})");
  EXPECT_EQ(result[3], R"({"done":true})");
}

TEST(LineProtocol, AnswersTheSameLinesTheSame) {
  const std::vector<std::string> lines{space_line, R"({"ask": 1})", "nonsense", R"({"ask": 2})"};
  EXPECT_EQ(answers(lines), answers(lines));
}

TEST(LineProtocol, SaysWhatIsWrongAndReadsOn) {
  const auto told = [](const std::string& body) { return "{\"tell\": " + body + "}"; };
  const auto result = answers(
      {R"({"ask": 1})", "nonsense", "[1]", "{}", R"({"space": {}})", space_line, space_line, R"({"ask": 0})",
       R"({"ask": 1e9})", told("3"), told(R"({"point": {"x": 3}, "status": "ok", "score": 1})"),
       told(R"({"point": {"y": 1}, "status": "ok", "score": 1})"),
       told(R"({"point": {"x": 1}, "status": "great"})"), told(R"({"point": {"x": 1}, "status": "ok"})"),
       told(R"({"point": {"x": 1}, "status": "ok", "score": 1, "metrics": {"m": "fast"}})"),
       R"({"ask": 1})"});
  EXPECT_EQ(result[0], R"({"error":"the first line must hold a space"})");
  EXPECT_NE(result[1].find("{\"error\":"), std::string::npos);
  EXPECT_EQ(result[2], R"({"error":"the line is [1]; must be an object"})");
  EXPECT_EQ(result[4], R"({"error":"space.parameters is missing"})");
  EXPECT_EQ(result[5], R"({"ready":true})");
  EXPECT_EQ(result[6], R"({"error":"the space is already known; one process holds one study"})");
  EXPECT_EQ(result[7], R"({"error":"ask is 0; must be a whole number of at least 1"})");
  EXPECT_EQ(result[9], R"({"error":"tell is 3; must be an object"})");
  EXPECT_EQ(result[10], R"({"error":"tell.point: x is 3; must be one of 1, 2, 4"})");
  EXPECT_EQ(result[11], R"({"error":"tell.point: x is missing"})");
  EXPECT_NE(result[12].find("tell.status is \\\"great\\\""), std::string::npos) << result[12];
  EXPECT_EQ(result[13], R"({"error":"tell.score is missing, and the space names no objective"})");
  EXPECT_EQ(result[14], R"({"error":"tell.metrics.m is \"fast\"; must be a finite number"})");
  EXPECT_NE(result[15].find("point"), std::string::npos);
}

TEST(StrategyOptions, NameTheirStrategies) {
  EXPECT_EQ(strategy_options("bayesian")->kind, search::Kind::gp);
  EXPECT_EQ(strategy_options("gold").error().message,
            "strategy is \"gold\"; must be one of gp, bayesian, forest, hill_climb, tpe, tpe-multivariate, "
            "random, sobol, grid");
}

}  // namespace
}  // namespace autotuner::cli
