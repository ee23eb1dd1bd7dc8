#include "search/study_space.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::search {
namespace {

std::string error(const std::string& text) {
  const auto study = study_space_from_json(*base::parse_json(text));
  return study ? "read" : study.error().message;
}

TEST(StudySpace, ReadsAProblem) {
  const auto study = study_space_from_json(*base::parse_json(R"({
    "parameters": [{"name": "tp", "type": "ordinal", "values": [1, 2, 4], "log": true},
                   {"name": "kind", "type": "categorical", "values": ["a", "b"], "scope": "client"},
                   {"name": "n", "type": "int", "low": 1, "high": 9}],
    "constraints": ["tp <= gpus", "not (kind == 'b') or n % 2"],
    "facts": {"gpus": 2, "gpu": "X"},
    "objective": {"metric": "time", "direction": "minimize"},
    "slo": [{"metric": "delay", "max": 5, "exponent": 2}],
    "default": {"tp": 1, "kind": "a", "n": 3}})"));
  ASSERT_TRUE(study) << study.error().message;
  EXPECT_EQ(study->problem.knobs[1].scope, Scope::client);
  EXPECT_FALSE(study->problem.knobs[1].ordered);
  EXPECT_EQ(study->problem.objective->direction, Direction::minimize);
  EXPECT_EQ(study->problem.slos[0].exponent, 2);
  EXPECT_EQ(space::why_invalid(study->space, study->rules, *study->engine_default), std::nullopt);
  EXPECT_TRUE(space::why_invalid(study->space, study->rules, {{"tp", 4}, {"kind", "a"}, {"n", 3}}));
  EXPECT_TRUE(space::why_invalid(study->space, study->rules, {{"tp", 1}, {"kind", "b"}, {"n", 2}}));
}

TEST(StudySpace, KnowsListedPoints) {
  const auto study = study_space_from_json(*base::parse_json(
      R"({"parameters": [{"name": "a", "values": [1, 2]}, {"name": "b", "values": ["x", "y"]}],
          "points": "listed", "listed": [[0, 1], [1, 0]]})"));
  ASSERT_TRUE(study);
  EXPECT_FALSE(space::why_invalid(study->space, study->rules, {{"a", 1}, {"b", "y"}}));
  EXPECT_EQ(space::why_invalid(study->space, study->rules, {{"a", 1}, {"b", "x"}}),
            "not among the listed points");
}

TEST(StudySpace, NamesWhatItCannotRead) {
  EXPECT_EQ(error("3"), "space is 3; must be an object");
  EXPECT_EQ(error("{}"), "space.parameters is missing");
  EXPECT_EQ(error(R"({"parameters": []})"),
            "space.parameters is []; must be a list of at least one parameter");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a"}]})"), "space.parameters[0].values is missing");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "values": [1, 1.0]}]})"),
            "space.parameters[0].values: 1.0 stands there twice");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "type": "real", "values": [1]}]})"),
            "space.parameters[0].type is \"real\"; must be bool, categorical, ordinal, int or float");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "type": "float", "low": 2, "high": 1}]})"),
            "space.parameters[0]: low is 2 and high is 1; low must not be larger");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "values": [1]}], "constraints": ["b < 2"]})"),
            "space.constraints: \"b < 2\" names b, which is neither a parameter nor a fact");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "values": [1]}], "slo": [{"metric": "m", "max": 0}]})"),
            "space.slo[0].max is 0; must be above 0");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "values": [1]}], "default": {"a": 2}})"),
            "space.default: a is 2; must be one of 1");
  EXPECT_EQ(error(R"({"parameters": [{"name": "a", "values": [1]}], "points": "listed", "listed": [[1]]})"),
            "space.listed[0]: 1 is no position of a value of a");
}

TEST(Failures, AreToldApartByStatusAndDetail) {
  EXPECT_EQ(failure_from_status("ok", "").value(), Failure::none);
  EXPECT_EQ(failure_from_status("oom_start", "no room for the key-value cache").value(),
            Failure::no_cache_room);
  EXPECT_EQ(failure_from_status("oom_start", "out of memory while capturing graphs").value(),
            Failure::no_graph_room);
  EXPECT_EQ(failure_from_status("oom_start", "").value(), Failure::out_of_memory);
  EXPECT_FALSE(failure_from_status("fine", ""));
}

TEST(SoftScore, DiscountsWhatIsOverALimit) {
  const Objective objective{"rate", Direction::maximize};
  const std::vector<Slo> slos{{"delay", 10, 2, false}};
  EXPECT_EQ(soft_score(objective, slos, {{"rate", 100}, {"delay", 5}}), 100);
  EXPECT_EQ(soft_score(objective, slos, {{"rate", 100}, {"delay", 20}}), 25);
  EXPECT_EQ(soft_score({"time", Direction::minimize}, {}, {{"time", 4}}), 0.25);
  EXPECT_EQ(soft_score(objective, slos, {{"rate", 100}}), std::nullopt);
  EXPECT_EQ(soft_score(objective, {{"delay", 10, 1, true}}, {{"rate", 100}, {"delay", 20}}), std::nullopt);
}

}  // namespace
}  // namespace autotuner::search
