#include "search/state.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::search {
namespace {

std::vector<Trial> read(std::string_view text) {
  const auto trials = trials_from_state(*base::parse_json(text));
  EXPECT_TRUE(trials) << trials.error().message;
  return trials.value_or(std::vector<Trial>());
}

std::string error(std::string_view text) {
  return trials_from_state(*base::parse_json(text)).error().message;
}

TEST(State, ReadsWhatItWrote) {
  std::map<int, Trial> trials;
  trials[0] = {0, {}, true, TrialClass::met, 3.5, 0, 0};
  trials[1] = {1, {{"tp", 2}, {"m", 0.85}}, true, TrialClass::missed, -12.25, 0, 2};
  trials[2] = {2, {{"tp", space::Value()}}, true, TrialClass::violated, {}, 1.5, 2};
  trials[3] = {3, {{"tp", "x"}}, true, TrialClass::failed, {}, 1200, 1};
  trials[7] = {7, {{"tp", 4}}, false, TrialClass::failed, {}, 0, 0};
  const base::Json document{{"history", history_of(trials)}};
  const auto back = read(base::to_compact_text(document));
  ASSERT_EQ(back.size(), trials.size());
  for (const auto& trial : back) {
    const auto& original = trials.at(trial.number);
    EXPECT_EQ(trial.point, original.point);
    EXPECT_EQ(trial.finished, original.finished);
    EXPECT_EQ(trial.rank, original.rank);
    EXPECT_EQ(trial.score, original.score);
    EXPECT_EQ(trial.penalty, original.penalty);
    EXPECT_EQ(trial.stage, original.stage);
  }
}

TEST(State, ReadsTheReference) {
  const auto trials = read(
      R"({"strategy_class":"BayesianStrategy","parameter_spec":{"tp":[1,2]},"objective":"minimize_latency",
    "trial_count":4,"max_iterations":10,"n_initial_random":5,"tried_params":[[["tp",1]]],"history":[
    {"parameters":{"tp":1},"objective_score":2.5,"metrics":{"mean_e2e_latency":2.5}},
    {"parameters":{"tp":2},"objective_score":1200.0,"metrics":{}},
    {"parameters":{"tp":4},"objective_score":null,"metrics":null},
    {"parameters":{"tp":8},"objective_score":"Infinity","metrics":{"mean_e2e_latency":9}},
    {"parameters":{"tp":16},"objective_score":"-Infinity","metrics":{}},
    {"parameters":{"tp":32},"objective_score":4}]})");
  ASSERT_EQ(trials.size(), 6U);
  EXPECT_EQ(trials[0].number, 1);
  EXPECT_EQ(trials[0].rank, TrialClass::met);
  EXPECT_EQ(trials[0].score, 2.5);
  for (const std::size_t failed : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(trials[failed].rank, TrialClass::failed) << failed;
    EXPECT_EQ(trials[failed].score, std::nullopt);
    EXPECT_TRUE(trials[failed].finished);
  }
  EXPECT_EQ(trials[1].penalty, 1200);
  EXPECT_EQ(trials[4].penalty, 0);
  EXPECT_EQ(trials[5].rank, TrialClass::met);
}

TEST(State, ReadsInfinitiesThatAreNumbers) {
  base::Json entry{{"parameters", base::Json::object()}, {"metrics", {{"x", 1}}}};
  entry["objective_score"] = std::numeric_limits<double>::infinity();
  const auto trials = trials_from_state(base::Json{{"history", base::Json::array({entry})}}).value();
  EXPECT_EQ(trials.front().rank, TrialClass::failed);
}

TEST(State, NamesWhatIsMissingOrWrong) {
  EXPECT_EQ(error("[]"), "strategy state must be an object, not array");
  EXPECT_EQ(error("{}"), "strategy state: history is missing");
  EXPECT_EQ(error(R"({"history":3})"), "strategy state: history must be a list, not number");
  EXPECT_EQ(error(R"({"history":[3]})"), "strategy state: history[0] must be an object, not number");
  EXPECT_EQ(error(R"({"history":[{}]})"), "strategy state: history[0].parameters is missing");
  EXPECT_EQ(error(R"({"history":[{"parameters":[1]}]})"),
            "strategy state: history[0].parameters: a configuration must be an object of names and values, "
            "not array");
  EXPECT_EQ(error(R"({"history":[{"parameters":{},"objective_score":"good"}]})"),
            "strategy state: history[0].objective_score is \"good\"; must be a number or null");
  EXPECT_EQ(error(R"({"history":[{"parameters":{},"class":4}]})"),
            "strategy state: history[0].class is 4; must be 0 to 3");
  EXPECT_EQ(error(R"({"history":[{"parameters":{},"class":"met"}]})"),
            "strategy state: history[0].class is \"met\"; must be an integer");
  EXPECT_EQ(error(R"({"history":[{"parameters":{},"experiment_id":1.5}]})"),
            "strategy state: history[0].experiment_id is 1.5; must be an integer");
  EXPECT_EQ(error(R"({"history":[{"parameters":{},"class":3,"stage":99999999999}]})"),
            "strategy state: history[0].stage is 99999999999; must be an integer");
}

}  // namespace
}  // namespace autotuner::search
