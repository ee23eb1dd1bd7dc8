#include "spec/client_parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/task_documents.hpp"

namespace autotuner::spec {
namespace {

using test::all_problems;
using test::load_patched;
using test::problem_at;
using testing::ElementsAre;
using testing::HasSubstr;

/// The small task with these parameters and without benchmark.num_concurrency.
Loaded with_parameters(const std::string& parameters, const std::string& rest = "{}") {
  auto patch =
      base::Json::parse(R"({"benchmark": {"num_concurrency": null, "max_requests_per_iteration": 500}})");
  patch["parameters"] = base::Json::parse(parameters);
  patch.merge_patch(base::Json::parse(rest));
  return load_patched(base::to_compact_text(patch));
}

std::vector<int> levels_of(const Loaded& loaded) {
  std::vector<int> levels;
  for (const auto& level : loaded.task.value().workload.levels) levels.push_back(level.concurrency);
  return levels;
}

TEST(ClientParameters, MeasureTheDefaultsAtEveryConcurrencyThatIsSearched) {
  const auto loaded = with_parameters(R"({"client.concurrency": [16, 1, 4, 16]})");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_THAT(levels_of(loaded), ElementsAre(1, 4, 16));
  EXPECT_EQ(loaded.task->goal.at.kind, metrics::BasisKind::best_point);
  const auto point = workload_of(loaded.task->workload, {{"max-num-seqs", 32}, {"client.concurrency", 4}});
  ASSERT_EQ(point.levels.size(), 1U);
  EXPECT_EQ(point.levels.front().concurrency, 4);
}

TEST(ClientParameters, SpreadEightLevelsOverALongRange) {
  const auto loaded = with_parameters(R"({"client.concurrency": {"type": "integer", "low": 1, "high": 71}})");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_THAT(levels_of(loaded), ElementsAre(1, 11, 21, 31, 41, 51, 61, 71));
}

TEST(ClientParameters, AreNoLevelOfTheirOwnWhenTheyHaveOneValue) {
  const auto loaded = with_parameters(R"({"client.concurrency": 8, "max-num-seqs": [32, 64]})",
                                      R"({"optimization": {"objective_at": "mean"}})");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_THAT(levels_of(loaded), ElementsAre(8));
  EXPECT_EQ(loaded.task->goal.at.kind, metrics::BasisKind::mean);
}

TEST(ClientParameters, StandLastSoThatAGridStartsFewEngines) {
  const auto loaded = with_parameters(R"({"client.concurrency": [1, 4], "max-num-seqs": [32, 64]})");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->space.parameters.front().name, "max-num-seqs");
  EXPECT_EQ(loaded.task->space.parameters.back().name, "client.concurrency");
}

TEST(ClientParameters, AddMembersToEveryRequest) {
  const auto loaded = with_parameters(
      R"({"client.request.cache_prompt": [true, false], "client.request.top_k": [null, 40]})",
      R"({"benchmark": {"num_concurrency": [2], "additional_params": {"temperature": 0.5}}})");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_THAT(levels_of(loaded), ElementsAre(2));
  const auto& given = loaded.task->workload;
  const auto body = [&](const space::Point& point) {
    return base::parse_json(workload_of(given, point).additional_params).value();
  };
  EXPECT_EQ(body({{"client.request.cache_prompt", false}, {"client.request.top_k", 40}}),
            base::Json::parse(R"({"temperature": 0.5, "cache_prompt": false, "top_k": 40})"));
  EXPECT_EQ(body({{"client.request.cache_prompt", true}, {"client.request.top_k", space::Value()}}),
            base::Json::parse(R"({"temperature": 0.5, "cache_prompt": true})"));
  EXPECT_EQ(workload_of(given, {{"max-num-seqs", 32}}), given);
}

TEST(ClientParameters, RefuseNamesThatNothingObeys) {
  for (const auto* name : {"client.concurency", "client.", "client.request", "client.request."}) {
    const auto loaded = with_parameters(std::string("{\"") + name + R"(": [1, 2]})");
    EXPECT_FALSE(loaded.task) << name;
    EXPECT_EQ(
        problem_at(loaded, std::string("parameters.") + name).message,
        "is no parameter of the load generator; there are client.concurrency and client.request.NAME, a "
        "member of every request")
        << name;
  }
  EXPECT_THAT(problem_at(with_parameters(R"({"client.request.stream": [true, false]})"),
                         "parameters.client.request.stream")
                  .message,
              HasSubstr("autotuner sets stream of each request itself"));
}

TEST(ClientParameters, RefuseConcurrenciesThatAreNone) {
  const auto message = [](const std::string& values) {
    return problem_at(with_parameters("{\"client.concurrency\": " + values + "}"),
                      "parameters.client.concurrency")
        .message;
  };
  EXPECT_EQ(message("[4, 0]"), "has the value 0; must be whole numbers from 1 to 1000000");
  EXPECT_EQ(message("[4, 1.5]"), "has the value 1.5; must be whole numbers from 1 to 1000000");
  EXPECT_EQ(message(R"(["many", 4])"), "has the value many; must be whole numbers from 1 to 1000000");
  EXPECT_EQ(message(R"({"type": "integer", "low": 0, "high": 8})"),
            "goes from 0 to 8; must be whole numbers from 1 to 1000000");
  EXPECT_EQ(message(R"({"type": "continuous", "low": 1, "high": 8, "points": 3})"),
            "is a continuous range; must be whole numbers from 1 to 1000000");
}

TEST(ClientParameters, RefuseASecondPlaceForTheSame) {
  const auto levels = load_patched(R"j({"parameters": {"client.concurrency": [1, 4]}})j");
  EXPECT_THAT(problem_at(levels, "benchmark.num_concurrency").message,
              HasSubstr("stands beside parameters.client.concurrency, which takes its place"));
  const auto basis =
      with_parameters(R"({"client.concurrency": [1, 4]})", R"({"optimization": {"objective_at": "mean"}})");
  EXPECT_THAT(problem_at(basis, "optimization.objective_at").message, HasSubstr("must be best_point"));
  const auto best = with_parameters(R"({"client.concurrency": [1, 4]})",
                                    R"({"optimization": {"objective_at": "best_point"}})");
  EXPECT_TRUE(best.task) << all_problems(best);
  const auto member = with_parameters(R"({"client.request.top_k": [1, 4]})",
                                      R"({"benchmark": {"additional_params": {"top_k": 2}}})");
  EXPECT_THAT(problem_at(member, "parameters.client.request.top_k").message,
              HasSubstr("stands beside benchmark.additional_params.top_k"));
}

TEST(ClientParameters, AreToldInWords) {
  EXPECT_EQ(client_words({{"max-num-seqs", 32}}), "");
  EXPECT_EQ(client_words({{"client.concurrency", 1}}), "1 request in flight");
  EXPECT_EQ(client_words({{"client.concurrency", 16},
                          {"client.request.cache_prompt", false},
                          {"client.request.mode", "fast"},
                          {"client.request.top_k", space::Value()}}),
            R"(16 requests in flight; cache_prompt = false, mode = "fast" in each request)");
}

}  // namespace
}  // namespace autotuner::spec
