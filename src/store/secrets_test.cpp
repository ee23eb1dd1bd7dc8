#include "store/secrets.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "store/task_document.hpp"

namespace autotuner::store {
namespace {

spec::Task task_with_secrets() {
  spec::Task task;
  task.model.hf_token = "hf_planted_secret";
  task.space.parameters = {{.name = "tp-size", .domain = space::Choices{{1, 2}}},
                           {.name = "api-key", .domain = space::Choices{{"planted-key"}}}};
  return task;
}

base::Json json(const char* text) {
  return *base::parse_json(text);
}

TEST(Secrets, AreFoundByName) {
  EXPECT_EQ(secrets_of(task_with_secrets()), (Secrets{{"model.hf_token", R"("hf_planted_secret")"},
                                                      {"parameters.api-key", R"(["planted-key"])"}}));
  EXPECT_TRUE(secrets_of({}).empty());
}

TEST(Secrets, SurviveTheirOwnJson) {
  const auto secrets = secrets_of(task_with_secrets());
  EXPECT_EQ(secrets_from_json(to_json(secrets)), secrets);
  EXPECT_TRUE(secrets_from_json(nullptr).empty());
}

TEST(Secrets, AreMaskedByNameAndWhereverTheirValueTurnsUp) {
  const auto masked =
      without_secrets(json(R"({"model": {"hf_token": "x"}, "list": [["api-key", "short"], ["tp", 1]],
               "log": "GET ?t=hf_planted_secret 401", "max-num-batched-tokens": "2048"})"),
                      secrets_of(task_with_secrets()));
  EXPECT_EQ(masked.dump(), R"({"model":{"hf_token":"********"},"list":[["api-key","********"],["tp",1]],)"
                           R"("log":"GET ?t=******** 401","max-num-batched-tokens":"2048"})");
}

TEST(Secrets, ReturnToTheirPlaceInTheDocument) {
  const auto secrets = secrets_of(task_with_secrets());
  EXPECT_EQ(
      with_secrets(
          json(R"({"model": {"id_or_path": "m"}, "parameters": {"api_key": "********", "tp-size": 1}})"),
          secrets)
          .dump(),
      R"({"model":{"id_or_path":"m","hf_token":"hf_planted_secret"},)"
      R"("parameters":{"api_key":["planted-key"],"tp-size":1}})");
  EXPECT_EQ(with_secrets(json(R"({"parameters": {"tp-size": 1}})"), secrets)["parameters"].dump(),
            R"({"tp-size":1,"api-key":["planted-key"]})");
}

TEST(Secrets, ReturnToTheExperiment) {
  tuning::Experiment experiment;
  experiment.parameters = {{"api-key", "********"}, {"tp-size", 1}, {"note", "********"}};
  restore_secrets(experiment, task_with_secrets());
  EXPECT_EQ(experiment.parameters,
            (space::Point{{"api-key", "planted-key"}, {"tp-size", 1}, {"note", "********"}}));
}

TEST(TaskDocument, GoesIntoColumnsAndComesBack) {
  const auto document = json(
      R"({"task_name": "t", "model": {"id_or_path": "m"}, "base_runtime": "sim", "deployment_mode": "local",
          "parameters": {"z": [1, 2.5, null], "a": true}, "optimization": {}, "benchmark": {"b": 1},
          "slo": {"ttft": {"threshold": 1.0}}, "tags": ["x"], "schema_version": 1})");
  EXPECT_EQ(document_of_cells(cells_of_document(document)).dump(), document.dump());
}

TEST(TaskDocument, LeavesOutMembersThatAreNull) {
  const auto cells = cells_of_document(json(R"({"task_name": "t", "slo": null, "owner": null})"));
  EXPECT_EQ(document_of_cells(cells).dump(),
            R"({"task_name":"t","model":{},"parameters":{},"optimization":{},"benchmark":{}})");
}

}  // namespace
}  // namespace autotuner::store
