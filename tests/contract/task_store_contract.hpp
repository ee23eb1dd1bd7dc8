#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "tests/support/await.hpp"
#include "tests/support/experiments.hpp"
#include "tests/support/sim_tasks.hpp"
#include "tuning/ports/task_store.hpp"

/// What every TaskStore promises. A test binary instantiates the suite with a fixture for each store:
///   struct Fixture { tuning::TaskStore& store(); std::string checkpoint(const std::string& task_name); };
namespace autotuner::test {

template <class Fixture>
class TaskStoreContract : public testing::Test {
 protected:
  tuning::TaskStore& store() { return fixture_.store(); }

  tuning::Run new_run(const std::string& name) {
    tuning::Run run;
    run.task = sim_task(name);
    run.seed = 0xFFFF'FFFF'FFFF'FFF1;
    run.planned = 6;
    run.space_points = 6;
    run.space_valid = 5;
    run.space_distinct = 4;
    run.host = {{.name = "governor", .state = "doubtful", .value = "powersave", .remedy = "performance"}};
    run.premises =
        tuning::Premises{.gpu = {"NVIDIA L4", 22.5},
                         .model = predict::shape_from_facts({{"model", "Qwen2.5-0.5B"}}),
                         .earlier = {{.name = "first",
                                      .model = "sim-7b",
                                      .same_load = true,
                                      .trials = {{"first", {{"tp-size", 2}}, {{"objective", 0.1}}}}}}};
    run.started_at = "2026-01-15T09:16:00.500000Z";
    run.mode = spec::DeploymentMode::local;
    return run;
  }
  tuning::Run opened(const std::string& name) {
    auto run = new_run(name);
    const auto result = await(store().open_run(run));
    EXPECT_TRUE(result) << result.error().message;
    return run;
  }
  void save(tuning::Run& run, const tuning::Experiment& experiment, const std::string& checkpoint = "") {
    const auto saved = await(store().save(run, experiment, checkpoint));
    ASSERT_TRUE(saved) << saved.error().message;
    std::erase_if(run.experiments, [&](const auto& e) { return e.number == experiment.number; });
    run.experiments.push_back(experiment);
    std::ranges::sort(run.experiments, {}, &tuning::Experiment::number);
  }
  tuning::Run found(const std::string& name) {
    auto run = await(store().find(name));
    EXPECT_TRUE(run) << run.error().message;
    return run ? std::move(*run) : tuning::Run{};
  }
  Fixture fixture_;
};

TYPED_TEST_SUITE_P(TaskStoreContract);

TYPED_TEST_P(TaskStoreContract, OpensTheFirstRunOfANewTask) {
  const auto run = this->opened("chat");
  EXPECT_GT(run.task_id, 0);
  EXPECT_EQ(run.run, 1);
  EXPECT_EQ(run.state, tuning::TaskState::running);
}

TYPED_TEST_P(TaskStoreContract, FindsARunAsItWasOpened) {
  const auto run = this->opened("chat");
  const auto found = this->found("chat");
  EXPECT_EQ(found.task_id, run.task_id);
  EXPECT_EQ(found.run, 1);
  EXPECT_EQ(found.state, tuning::TaskState::running);
  EXPECT_EQ(found.seed, run.seed);
  EXPECT_EQ(found.planned, 6U);
  EXPECT_EQ(found.space_points, 6U);
  EXPECT_EQ(found.space_valid, 5U);
  EXPECT_EQ(found.space_distinct, 4U);
  EXPECT_EQ(found.host, run.host);
  EXPECT_EQ(found.premises, run.premises);
  EXPECT_EQ(found.started_at, run.started_at);
  EXPECT_EQ(found.created_at, run.created_at);
  EXPECT_EQ(found.mode, spec::DeploymentMode::local);
  EXPECT_TRUE(found.experiments.empty());
}

TYPED_TEST_P(TaskStoreContract, FindsTheTaskAsItWasGiven) {
  const auto run = this->opened("chat");
  const auto found = this->found("chat");
  EXPECT_EQ(nlohmann::json::parse(found.task.document), nlohmann::json::parse(run.task.document));
  EXPECT_EQ(found.task.name, "chat");
  EXPECT_EQ(found.task.space, run.task.space);
  EXPECT_EQ(found.task.goal, run.task.goal);
  EXPECT_EQ(found.task.running, run.task.running);
  EXPECT_EQ(found.task.workload, run.task.workload);
  EXPECT_EQ(found.task.deployment_mode, run.task.deployment_mode);
}

TYPED_TEST_P(TaskStoreContract, SaysThatATaskIsUnknown) {
  const auto missing = await(this->store().find("nobody"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(missing.error().message, "Task 'nobody' not found");
}

TYPED_TEST_P(TaskStoreContract, KeepsExperimentsExactlyAndInOrder) {
  auto run = this->opened("chat");
  this->save(run, full_success(3));
  this->save(run, full_failure(1));
  this->save(run, full_success(0));
  const auto found = this->found("chat");
  ASSERT_EQ(found.experiments.size(), 3U);
  EXPECT_EQ(found.experiments[0], full_success(0));
  EXPECT_EQ(found.experiments[1], full_failure(1));
  EXPECT_EQ(found.experiments[2], full_success(3));
}

TYPED_TEST_P(TaskStoreContract, ReplacesAnExperimentOfTheSameNumber) {
  auto run = this->opened("chat");
  tuning::Experiment started;
  started.number = 1;
  started.status = tuning::ExperimentStatus::deploying;
  this->save(run, started);
  EXPECT_EQ(this->found("chat").experiments.at(0), started);
  this->save(run, full_success(1));
  const auto found = this->found("chat");
  ASSERT_EQ(found.experiments.size(), 1U);
  EXPECT_EQ(found.experiments[0], full_success(1));
}

TYPED_TEST_P(TaskStoreContract, KeepsTheCheckpointUntilTheNextOne) {
  auto run = this->opened("chat");
  EXPECT_EQ(this->fixture_.checkpoint("chat"), "");
  this->save(run, full_success(1), R"({"iteration":1,"strategy_state":{"z":[1,2.5],"a":null}})");
  EXPECT_EQ(this->fixture_.checkpoint("chat"), R"({"iteration":1,"strategy_state":{"z":[1,2.5],"a":null}})");
  this->save(run, full_failure(2));
  EXPECT_EQ(this->fixture_.checkpoint("chat"), R"({"iteration":1,"strategy_state":{"z":[1,2.5],"a":null}})");
  this->save(run, full_failure(2), R"({"iteration":2})");
  EXPECT_EQ(this->fixture_.checkpoint("chat"), R"({"iteration":2})");
  ASSERT_TRUE(await(this->store().finish(run, "")));
  EXPECT_EQ(this->fixture_.checkpoint("chat"), R"({"iteration":2})");
  ASSERT_TRUE(await(this->store().finish(run, R"({"iteration":2,"strategy_state":{"history":[]}})")));
  EXPECT_EQ(this->fixture_.checkpoint("chat"), R"({"iteration":2,"strategy_state":{"history":[]}})");
}

TYPED_TEST_P(TaskStoreContract, OpensTheNextRunOfAKnownTaskEmpty) {
  auto first = this->opened("chat");
  this->save(first, full_success(1), R"({"iteration":1})");
  const auto second = this->opened("chat");
  EXPECT_EQ(second.task_id, first.task_id);
  EXPECT_EQ(second.run, 2);
  EXPECT_EQ(second.created_at, first.created_at);
  EXPECT_TRUE(this->found("chat").experiments.empty());
  EXPECT_EQ(this->fixture_.checkpoint("chat"), "");
  EXPECT_EQ(await(this->store().list())->size(), 1U);
}

TYPED_TEST_P(TaskStoreContract, RefusesToWriteIntoARunThatIsOver) {
  const auto first = this->opened("chat");
  const auto second = this->opened("chat");
  const auto late = await(this->store().save(first, full_success(1), ""));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(late.error().message, "run 1 of task 'chat' is no longer its current run (that is 2)");
  EXPECT_FALSE(await(this->store().finish(first, "")));
  EXPECT_TRUE(await(this->store().save(second, full_success(1), "")));
}

TYPED_TEST_P(TaskStoreContract, RefusesToWriteIntoATaskThatIsNotThere) {
  auto run = this->new_run("chat");
  run.task_id = 4711;
  EXPECT_EQ(await(this->store().save(run, full_success(1), "")).error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(await(this->store().finish(run, "")).error().kind, base::ErrorKind::not_found);
}

TYPED_TEST_P(TaskStoreContract, KeepsHowARunEnded) {
  auto run = this->opened("chat");
  this->save(run, full_success(1));
  run.state = tuning::TaskState::completed;
  run.stop_reason = "space_exhausted";
  run.completed_at = "2026-01-15T10:16:00Z";
  run.elapsed = 3599.5;
  run.planned = 8;
  ASSERT_TRUE(await(this->store().finish(run, "")));
  const auto found = this->found("chat");
  EXPECT_EQ(found.state, tuning::TaskState::completed);
  EXPECT_EQ(found.stop_reason, "space_exhausted");
  EXPECT_EQ(found.completed_at, "2026-01-15T10:16:00Z");
  EXPECT_EQ(found.elapsed, 3599.5);
  EXPECT_EQ(found.planned, 8U);
  EXPECT_EQ(found.experiments.size(), 1U);
}

TYPED_TEST_P(TaskStoreContract, KeepsTheErrorOfARun) {
  auto run = this->opened("chat");
  run.state = tuning::TaskState::failed;
  run.stop_reason = "unknown_flag";
  run.error_message = "the engine refused --max-num-seqs";
  ASSERT_TRUE(await(this->store().finish(run, "")));
  EXPECT_EQ(this->found("chat").error_message, "the engine refused --max-num-seqs");
}

TYPED_TEST_P(TaskStoreContract, GoesOnWithAFinishedRun) {
  auto run = this->opened("chat");
  run.state = tuning::TaskState::cancelled;
  ASSERT_TRUE(await(this->store().finish(run, "")));
  auto resumed = this->found("chat");
  resumed.state = tuning::TaskState::running;
  this->save(resumed, full_success(1));
  EXPECT_EQ(this->found("chat").state, tuning::TaskState::running);
  EXPECT_EQ(this->found("chat").run, 1);
}

TYPED_TEST_P(TaskStoreContract, ListsHeadsNewestFirstWithoutCountingTheBaseline) {
  auto older = this->new_run("older");
  older.created_at = "2026-01-14T00:00:00Z";
  ASSERT_TRUE(await(this->store().open_run(older)));
  auto newer = this->new_run("newer");
  newer.created_at = "2026-01-15T00:00:00Z";
  ASSERT_TRUE(await(this->store().open_run(newer)));
  for (int number = 0; number < 3; ++number) this->save(older, full_success(number));
  this->save(older, full_failure(3));
  const auto heads = await(this->store().list());
  ASSERT_TRUE(heads) << heads.error().message;
  ASSERT_EQ(heads->size(), 2U);
  EXPECT_EQ(heads->at(0).name, "newer");
  EXPECT_EQ(heads->at(0).experiments, 0);
  EXPECT_EQ(heads->at(1).name, "older");
  EXPECT_EQ(heads->at(1).id, older.task_id);
  EXPECT_EQ(heads->at(1).state, tuning::TaskState::running);
  EXPECT_EQ(heads->at(1).created_at, "2026-01-14T00:00:00Z");
  EXPECT_EQ(heads->at(1).experiments, 3);
  EXPECT_EQ(heads->at(1).successful, 2);
}

TYPED_TEST_P(TaskStoreContract, KnowsTheTaskThatWasStartedLast) {
  EXPECT_EQ(await(this->store().latest()).error().kind, base::ErrorKind::not_found);
  this->opened("a");
  this->opened("b");
  EXPECT_EQ(await(this->store().latest())->task.name, "b");
  auto again = this->new_run("a");
  again.started_at = "2026-01-16T00:00:00Z";
  ASSERT_TRUE(await(this->store().open_run(again)));
  EXPECT_EQ(await(this->store().latest())->task.name, "a");
}

TYPED_TEST_P(TaskStoreContract, FindsTheFinishedRunsOfAnEngineNewestFirst) {
  const auto finish = [&](const std::string& name, const std::string& started, tuning::TaskState state) {
    auto run = this->new_run(name);
    run.started_at = started;
    ASSERT_TRUE(await(this->store().open_run(run)));
    this->save(run, full_success(1));
    run.state = state;
    ASSERT_TRUE(await(this->store().finish(run, "")));
  };
  finish("oldest", "2026-01-10T00:00:00Z", tuning::TaskState::completed);
  finish("newest", "2026-01-13T00:00:00Z", tuning::TaskState::cancelled);
  finish("middle", "2026-01-12T00:00:00Z", tuning::TaskState::failed);
  finish("under-way", "2026-01-14T00:00:00Z", tuning::TaskState::running);
  const auto names = [&](engine::RuntimeId runtime, int most) {
    std::vector<std::string> found;
    const auto runs = await(this->store().finished(runtime, most));
    EXPECT_TRUE(runs) << runs.error().message;
    for (const auto& run : runs.value_or(std::vector<tuning::Run>{})) found.push_back(run.task.name);
    return found;
  };
  EXPECT_THAT(names(engine::RuntimeId::sim, 10), testing::ElementsAre("newest", "middle", "oldest"));
  EXPECT_THAT(names(engine::RuntimeId::sim, 2), testing::ElementsAre("newest", "middle"));
  EXPECT_THAT(names(engine::RuntimeId::vllm, 10), testing::IsEmpty());
  const auto runs = await(this->store().finished(engine::RuntimeId::sim, 1));
  ASSERT_TRUE(runs);
  EXPECT_EQ(runs->at(0).experiments, std::vector{full_success(1)});
  EXPECT_EQ(runs->at(0).premises, this->new_run("newest").premises);
}

TYPED_TEST_P(TaskStoreContract, ListsNothingWhenEmpty) {
  EXPECT_TRUE(await(this->store().list())->empty());
}

TYPED_TEST_P(TaskStoreContract, GivesSecretsBackToWhoRunsTheTask) {
  auto run = this->new_run("chat");
  run.task = sim_task_with_secrets("chat");
  ASSERT_TRUE(await(this->store().open_run(run)));
  auto experiment = full_success(1);
  experiment.parameters.set("api-key", "planted-api-key");
  experiment.flags.set("api-key", "planted-api-key");
  this->save(run, experiment);
  const auto found = this->found("chat");
  EXPECT_EQ(found.task.model.hf_token, "hf_planted_secret");
  EXPECT_EQ(found.task.space, run.task.space);
  EXPECT_EQ(found.experiments.at(0), experiment);
  EXPECT_EQ(found.task.document.find("planted"), std::string::npos);
}

REGISTER_TYPED_TEST_SUITE_P(TaskStoreContract, OpensTheFirstRunOfANewTask, FindsARunAsItWasOpened,
                            FindsTheTaskAsItWasGiven, SaysThatATaskIsUnknown,
                            KeepsExperimentsExactlyAndInOrder, ReplacesAnExperimentOfTheSameNumber,
                            KeepsTheCheckpointUntilTheNextOne, OpensTheNextRunOfAKnownTaskEmpty,
                            RefusesToWriteIntoARunThatIsOver, RefusesToWriteIntoATaskThatIsNotThere,
                            KeepsHowARunEnded, KeepsTheErrorOfARun, GoesOnWithAFinishedRun,
                            ListsHeadsNewestFirstWithoutCountingTheBaseline, KnowsTheTaskThatWasStartedLast,
                            FindsTheFinishedRunsOfAnEngineNewestFirst, ListsNothingWhenEmpty,
                            GivesSecretsBackToWhoRunsTheTask);

}  // namespace autotuner::test
