#include "tuning/experiment.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/experiments.hpp"

namespace autotuner::tuning {
namespace {

using base::Json;
using testing::HasSubstr;

Experiment there_and_back(const Experiment& experiment) {
  const auto text = base::to_compact_text(to_json(experiment));
  auto read = experiment_from_json(*base::parse_json(text));
  if (!read) ADD_FAILURE() << read.error().message << "\n" << text;
  return read ? *read : Experiment{};
}

TEST(ExperimentRecord, ComesBackExactlyForASuccess) {
  const auto experiment = test::full_success(7);
  EXPECT_EQ(there_and_back(experiment), experiment);
}

TEST(ExperimentRecord, ComesBackExactlyForAFailure) {
  const auto experiment = test::full_failure(8);
  EXPECT_EQ(there_and_back(experiment), experiment);
}

TEST(ExperimentRecord, ComesBackExactlyWhenNothingHasHappenedYet) {
  Experiment experiment;
  experiment.number = 3;
  EXPECT_EQ(there_and_back(experiment), experiment);
  EXPECT_EQ(there_and_back(Experiment{}), Experiment{});
}

TEST(ExperimentRecord, ComesBackExactlyInEveryStatus) {
  for (const auto status :
       {ExperimentStatus::pending, ExperimentStatus::deploying, ExperimentStatus::benchmarking,
        ExperimentStatus::success, ExperimentStatus::failed}) {
    Experiment experiment;
    experiment.status = status;
    EXPECT_EQ(there_and_back(experiment).status, status) << to_text(status);
  }
}

TEST(ExperimentRecord, HasTheMembersThatOtherToolsRead) {
  const auto json = to_json(test::full_success(7));
  EXPECT_EQ(json["experiment_id"], 7);
  EXPECT_EQ(json["status"], "success");
  EXPECT_EQ(json["parameters"].dump(), R"({"tp-size":2,"__quant__kvcache_dtype":"fp8_e5m2"})");
  EXPECT_EQ(json["objective_score"], -3900.125);
  EXPECT_EQ(json["objective_value"], 3900.125);
  EXPECT_EQ(json["slo"], "met");
  EXPECT_EQ(json["slo_violation"], false);
  EXPECT_TRUE(json["error_message"].is_null());
  EXPECT_EQ(json["container_logs"], "ready\n");
  EXPECT_EQ(json["gpu_info"]["count"], 2);
  EXPECT_TRUE(json["created_resources"].contains("clusterbasemodel"));
  EXPECT_EQ(json["environment"]["engine_version"], "0.5.2");
  EXPECT_EQ(
      json["phases"][1].dump(),
      R"json({"name":"level","started_at":"2026-01-15T09:16:07.250000Z","seconds":12.5,"scenario":"D(100,100)",)json"
      R"json("num_concurrency":4})json");
}

TEST(ExperimentRecord, KeepsItsScoreOnlyForASuccess) {
  auto experiment = test::full_failure(8);
  experiment.score.score = 12.0;
  EXPECT_TRUE(to_json(experiment)["objective_score"].is_null());
}

TEST(ExperimentRecord, WritesWhatIsNoNumberAsNull) {
  auto experiment = test::full_success(7);
  experiment.score.score = std::numeric_limits<double>::infinity();
  experiment.score.value = std::numeric_limits<double>::quiet_NaN();
  const auto json = to_json(experiment);
  EXPECT_TRUE(json["objective_score"].is_null());
  EXPECT_TRUE(json["objective_value"].is_null());
}

TEST(ExperimentRecord, MasksSecretValuesByTheirName) {
  Experiment experiment;
  experiment.parameters = {{"api-key", "k-123456"}, {"max-num-batched-tokens", 2048}};
  experiment.flags = experiment.parameters;
  experiment.covers = {experiment.parameters};
  experiment.environment_variables = {{"HF_TOKEN", "hf_x"}, {"TOKENIZERS_PARALLELISM", "false"}};
  const auto text = base::to_compact_text(to_json(experiment));
  EXPECT_THAT(text, testing::Not(HasSubstr("k-123456")));
  EXPECT_THAT(text, testing::Not(HasSubstr("hf_x")));
  EXPECT_THAT(text, HasSubstr(R"("api-key":"********")"));
  EXPECT_THAT(text, HasSubstr(R"("TOKENIZERS_PARALLELISM":"false")"));
}

TEST(ExperimentRecord, ReadsAFailureOfTheReference) {
  const auto read = experiment_from_json(*base::parse_json(
      R"({"experiment_id": 2, "parameters": {"tp-size": 1}, "status": "failed", "metrics": null,
          "objective_score": 1200.0, "slo_violation": false, "error_message": "Failed to deploy",
          "container_logs": null, "gpu_info": null})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->score.score);
  ASSERT_TRUE(read->failure);
  EXPECT_EQ(read->failure->code, engine::FailureCode::internal);
  EXPECT_EQ(read->failure->message, "Failed to deploy");
  EXPECT_EQ(read->rank(), 3);
}

TEST(ExperimentRecord, ReadsAnSloViolationOfTheReference) {
  const auto read = experiment_from_json(
      *base::parse_json(R"({"experiment_id": 2, "status": "failed", "slo_violation": true})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->rank(), 2);
}

TEST(ExperimentRecord, NamesWhatCanNotBeRead) {
  const auto refusal = [](const char* text) {
    return experiment_from_json(*base::parse_json(text)).error().message;
  };
  EXPECT_EQ(refusal("[]"), "an experiment record must be an object");
  EXPECT_EQ(refusal(R"({"experiment_id": "x"})"), "experiment: experiment_id is \"x\"; must be an integer");
  EXPECT_EQ(refusal(R"({"experiment_id": 4, "status": "done"})"),
            "experiment 4: status is 'done'; must be pending, deploying, benchmarking, success or failed");
  EXPECT_EQ(refusal(R"({"experiment_id": 4, "status": "failed", "slo": "so-so"})"),
            "experiment 4: slo is 'so-so'; must be none, met, missed or violated");
  EXPECT_EQ(refusal(R"({"experiment_id": 4, "status": "failed", "elapsed_time": "long"})"),
            "experiment 4: elapsed_time is \"long\"; must be a number");
  EXPECT_EQ(refusal(R"({"experiment_id": 4, "status": "failed", "phases": [{"name": 5}]})"),
            "experiment 4: phases: name is 5; must be text");
  EXPECT_EQ(refusal(R"({"experiment_id": 4, "status": "failed", "attempt": 99999999999})"),
            "experiment 4: attempt is 99999999999; must be an integer of 32 bits");
}

TEST(ExperimentStatus, IsReadInAnyCase) {
  EXPECT_EQ(experiment_status_from_text("BENCHMARKING"), ExperimentStatus::benchmarking);
  EXPECT_EQ(experiment_status_from_text("Success"), ExperimentStatus::success);
  EXPECT_EQ(experiment_status_from_text("cancelled"), std::nullopt);
}

TEST(ExperimentRank, FollowsStatusAndVerdict) {
  Experiment experiment;
  EXPECT_EQ(experiment.rank(), 3);
  experiment.status = ExperimentStatus::success;
  EXPECT_EQ(experiment.rank(), 0);
  experiment.score.slo.verdict = metrics::SloVerdict::met;
  EXPECT_EQ(experiment.rank(), 0);
  experiment.score.slo.verdict = metrics::SloVerdict::missed;
  EXPECT_EQ(experiment.rank(), 1);
  experiment.status = ExperimentStatus::failed;
  EXPECT_EQ(experiment.rank(), 3);
  experiment.score.slo.verdict = metrics::SloVerdict::violated;
  EXPECT_EQ(experiment.rank(), 2);
}

TEST(Details, ArePutAwayAndTakenBack) {
  Experiment experiment;
  experiment.number = 3;
  experiment.status = ExperimentStatus::success;
  experiment.command = {"llama-server", "--port", "1"};
  experiment.phases = {Phase{"deploy", "2026-01-01T00:00:00Z", 1, "", 0}};
  experiment.log_tail = "ready";
  experiment.score.score = -5;
  metrics::Batch trusted;
  trusted.num_completed_requests = 9;
  metrics::Batch doubtful;
  doubtful.audit.trust = metrics::Trust::invalid;
  experiment.metrics.emplace().kept = {trusted, doubtful};
  auto small = experiment;
  put_away_details(small);
  EXPECT_TRUE(small.command.empty());
  EXPECT_TRUE(small.phases.empty());
  EXPECT_TRUE(small.log_tail.empty());
  EXPECT_FALSE(small.metrics);
  EXPECT_EQ(small.trust(), metrics::Trust::invalid) << "races go by it";
  EXPECT_EQ(small.score.score, -5);
  take_back_details(small, experiment);
  EXPECT_EQ(small, experiment);
}

TEST(Details, GiveTheirMemoryBackWhenTheyArePutAway) {
  Experiment experiment;
  experiment.command.resize(100);
  experiment.phases.resize(100);
  experiment.log_tail.resize(10'000);
  experiment.parameters = {{"max-num-seqs", 8}};
  experiment.flags = {{"max-num-seqs", 8}};
  put_away_details(experiment);
  EXPECT_EQ(experiment.command.capacity(), 0U);
  EXPECT_EQ(experiment.phases.capacity(), 0U);
  EXPECT_LT(experiment.log_tail.capacity(), 100U);
  EXPECT_EQ(&*experiment.flags.begin(), &*experiment.parameters.begin()) << "one list of entries";
}

TEST(Details, OfAnExperimentThatMeasuredNothingTellNoTrust) {
  Experiment experiment;
  put_away_details(experiment);
  EXPECT_EQ(experiment.trust(), std::nullopt);
}

}  // namespace
}  // namespace autotuner::tuning
