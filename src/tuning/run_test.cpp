#include "tuning/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::tuning {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::Optional;

Experiment success(int number, space::Point flags, double score) {
  Experiment experiment;
  experiment.number = number;
  experiment.status = ExperimentStatus::success;
  experiment.parameters = flags;
  experiment.flags = std::move(flags);
  experiment.score.score = score;
  experiment.gpus = 1;
  return experiment;
}

Run with(std::vector<Experiment> experiments) {
  Run run;
  run.experiments = std::move(experiments);
  return run;
}

TEST(TaskState, IsReadInAnyCase) {
  for (const auto state : {TaskState::pending, TaskState::running, TaskState::completed, TaskState::failed,
                           TaskState::cancelled}) {
    EXPECT_EQ(task_state_from_text(to_text(state)), state);
  }
  EXPECT_EQ(task_state_from_text("RUNNING"), TaskState::running);
  EXPECT_EQ(task_state_from_text("paused"), std::nullopt);
}

TEST(Contenders, AreTheFinishedRowsOnly) {
  auto running = success(2, {{"a", 2}}, 5);
  running.status = ExperimentStatus::benchmarking;
  const auto rows = contenders(with({success(0, {}, 10), success(1, {{"a", 1}}, 5), running}));
  EXPECT_THAT(rows,
              ElementsAre(Field(&metrics::Contender::number, 0), Field(&metrics::Contender::number, 1)));
}

TEST(Contenders, LeaveOutRowsThatCopyAResult) {
  auto copy = success(1, {}, 10);
  copy.same_as = 0;
  auto copy_of_elsewhere = success(2, {{"a", 1}}, 9);
  copy_of_elsewhere.same_as = 77;
  const auto rows = contenders(with({success(0, {}, 10), copy, copy_of_elsewhere}));
  EXPECT_THAT(rows,
              ElementsAre(Field(&metrics::Contender::number, 0), Field(&metrics::Contender::number, 2)));
}

TEST(Contenders, ShareAnEntryExactlyWhenTheEngineWasStartedAlike) {
  auto with_variable = success(3, {{"a", 1}}, 5);
  with_variable.environment_variables = {{"X", "1"}};
  const auto rows =
      contenders(with({success(1, {{"a", 1}, {"b", 2}}, 5), success(2, {{"b", 2.0}, {"a", 1}}, 5),
                       success(4, {{"a", 1}}, 5), with_variable}));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].identity, rows[1].identity);
  EXPECT_NE(rows[2].identity, rows[3].identity);
  EXPECT_NE(rows[0].identity, rows[2].identity);
}

TEST(Contenders, DoNotTakeAnInvalidPointForTheDefaults) {
  Experiment invalid;
  invalid.number = 1;
  invalid.status = ExperimentStatus::failed;
  invalid.parameters = {{"tp-size", 3}};
  invalid.failure = engine::Failure{.code = engine::FailureCode::invalid_point, .message = "tp-size 3"};
  const auto rows = contenders(with({success(0, {}, 10), invalid}));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_NE(rows[0].identity, rows[1].identity);
}

TEST(Contenders, CountFlagsThatDifferFromTheBaseline) {
  auto changed = success(1, {{"model", "m"}, {"tp", 2}, {"new", 1}}, 5);
  changed.environment_variables = {{"X", "1"}};
  const auto baseline = success(0, {{"model", "m"}, {"tp", 1}, {"gone", true}}, 10);
  EXPECT_EQ(contenders(with({baseline, changed}))[1].flags_changed, 4);  // tp, new, gone, X
  EXPECT_EQ(contenders(with({changed}))[0].flags_changed, 4);            // all that is set
}

TEST(Contenders, CarryWhatOrdersFailuresAndViolations) {
  Experiment failed;
  failed.number = 1;
  failed.status = ExperimentStatus::failed;
  failed.penalty = 750;
  failed.stage = 2;
  failed.gpus = 4;
  failed.score.slo.verdict = metrics::SloVerdict::violated;
  failed.score.slo.hard_excess = 1.25;
  const auto row = contender(failed, nullptr);
  EXPECT_EQ(row.rank, 2);
  EXPECT_EQ(row.penalty, 750);
  EXPECT_EQ(row.stage, 2);
  EXPECT_EQ(row.gpus, 4);
  EXPECT_EQ(row.hard_excess, 1.25);
}

TEST(Contenders, AreInvalidWhenTheAuditFailed) {
  auto experiment = success(1, {{"a", 1}}, 5);
  metrics::Batch batch;
  batch.audit.trust = metrics::Trust::noisy;
  experiment.metrics = metrics::Metrics{};
  experiment.metrics->kept = {batch};
  EXPECT_TRUE(contender(experiment, nullptr).valid);
  experiment.metrics->kept[0].audit.trust = metrics::Trust::invalid;
  EXPECT_FALSE(contender(experiment, nullptr).valid);
}

TEST(Choose, TakesTheLowestScoreOfTheBestClass) {
  auto missed = success(3, {{"a", 3}}, 1);
  missed.score.slo.verdict = metrics::SloVerdict::missed;
  const auto choice = choose(with({success(0, {}, 10), success(1, {{"a", 1}}, 5), missed}));
  EXPECT_THAT(choice.best, Optional(1));
}

TEST(Find, AnswersByNumber) {
  const auto run = with({success(0, {}, 10), success(4, {{"a", 1}}, 5)});
  ASSERT_NE(find(run, 4), nullptr);
  EXPECT_EQ(find(run, 4)->number, 4);
  EXPECT_EQ(find(run, 1), nullptr);
}

}  // namespace
}  // namespace autotuner::tuning
