#include "report/answer.hpp"

#include <gtest/gtest.h>

#include "report/sentences.hpp"
#include "report/terminal.hpp"
#include "tests/support/finished_run.hpp"

namespace autotuner::report {
namespace {

using test::FinishedRun;

TEST(Answer, ShipsTheFastestConfigurationThatKeepsTheLimitsAndNamesItsGain) {
  FinishedRun finished;
  const auto result = answer(finished.run());
  EXPECT_EQ(result.state, State::ok);
  ASSERT_TRUE(result.best);
  EXPECT_EQ(result.best->number, 1);
  EXPECT_EQ(
      result.sentence,
      "Ship #1: 75 tokens/s at concurrency 4, P90 TTFT 700 ms (limit 1,000 ms), +25 % over engine defaults");
  EXPECT_EQ(result.confidence.substr(0, 27), "measured once, not repeated");
}

TEST(Answer, NamesWhatDiffersFromTheDefaults) {
  FinishedRun finished;
  const auto result = answer(finished.run());
  ASSERT_EQ(result.changes.size(), 1U);
  EXPECT_EQ(result.changes[0].parameter, "threads");
  EXPECT_EQ(result.changes[0].value, "2");
  EXPECT_EQ(default_clause(result.changes[0]), "default auto");
}

TEST(Answer, SaysAutoForTheNumberThatMeansItAndAdmitsADefaultItDoesNotKnow) {
  FinishedRun finished;
  finished.run().experiments[1].flags = {{"ctx-size", 4096}, {"threads", 2}, {"new-flag", 7}};
  finished.run().experiments[0].flags = {{"ctx-size", 4096}, {"threads", -1}};
  finished.run().experiments[0].parameters = finished.run().experiments[0].flags;
  const auto result = answer(finished.run());
  ASSERT_EQ(result.changes.size(), 2U);
  const auto text = verdict_text(finished.run(), result, {});
  EXPECT_NE(text.find("threads 2 (default auto)"), std::string::npos) << text;
  EXPECT_NE(text.find("new-flag 7 (instead of the engine's default)"), std::string::npos) << text;
  const auto table = trials_table(finished.run(), result, {});
  EXPECT_NE(table.find("auto"), std::string::npos) << table;
  EXPECT_EQ(table.find("-1"), std::string::npos) << table;
}

TEST(Answer, SaysThatNothingBeatTheDefaults) {
  FinishedRun finished;
  finished.run().experiments.resize(1);
  const auto result = answer(finished.run());
  EXPECT_EQ(result.sentence,
            "Ship #0, the engine's defaults: 60 tokens/s at concurrency 4, P90 TTFT 800 ms (limit 1,000 ms), "
            "nothing tried beat them");
}

TEST(Answer, NamesTheNearestMissAndWhatWouldHelpWhenNothingMeetsTheLimits) {
  FinishedRun finished;
  finished.run().task.goal.slo.limits[0].threshold = 0.5;
  for (auto& experiment : finished.run().experiments) {
    if (!experiment.metrics) continue;
    experiment.metrics =
        metrics::aggregate({experiment.metrics->kept.front()}, {}, finished.run().task.goal.slo, 0);
    experiment.score = metrics::score(*experiment.metrics, finished.run().task.goal);
  }
  const auto result = answer(finished.run());
  EXPECT_EQ(result.state, State::slo_missed);
  EXPECT_FALSE(result.meets_limits);
  EXPECT_TRUE(result.sentence.starts_with("No configuration meets the limits. Nearest: #1"))
      << result.sentence;
  EXPECT_NE(result.sentence.find("+40 % over it"), std::string::npos) << result.sentence;
  EXPECT_FALSE(result.what_would_help.empty());
}

TEST(Answer, LeadsWithTheFirstCauseWhenEverythingFailed) {
  FinishedRun finished;
  auto& run = finished.run();
  run.experiments = {run.experiments[3]};
  run.state = tuning::TaskState::failed;
  const auto result = answer(run);
  EXPECT_EQ(result.state, State::failed);
  EXPECT_EQ(result.sentence,
            "All 1 experiments failed. First cause (not_ready, oom): failed to allocate <buffer> & died");
}

TEST(Answer, GroupsFailuresByCauseWithWhatOnlyTheyShare) {
  FinishedRun finished;
  const auto result = answer(finished.run());
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_EQ(result.failures[0].cls, "oom");
  ASSERT_EQ(result.failures[0].common.size(), 1U);
  EXPECT_EQ(result.failures[0].common[0].first, "threads");
}

TEST(Answer, TellsWhatTheSameTrialsSayForOneThingAlone) {
  FinishedRun finished;
  const auto result = answer(finished.run());
  ASSERT_EQ(result.alternatives.size(), 3U);
  EXPECT_EQ(result.alternatives[0].number, 2);
  EXPECT_EQ(result.alternatives[1].number, 1);
}

TEST(Answer, LabelsSimulatedAndInvalidResults) {
  FinishedRun finished;
  auto& run = finished.run();
  run.task.runtime = engine::RuntimeId::sim;
  for (auto& experiment : run.experiments) {
    if (experiment.metrics)
      experiment.metrics->kept.front().audit = {metrics::Trust::invalid,
                                                {{metrics::Trust::invalid, "client too busy"}}};
  }
  const auto result = answer(run);
  EXPECT_TRUE(result.sentence.starts_with("Simulated: INVALID: Ship #1")) << result.sentence;
  EXPECT_NE(result.confidence.find("INVALID: client too busy"), std::string::npos);
}

TEST(Answer, ShowsNoDifferenceBetweenResultsThatCanNotBeCompared) {
  FinishedRun finished;
  auto& batch = finished.run().experiments[1].metrics->kept.front();
  batch.num_error_requests = 10;
  batch.num_completed_requests = 90;
  const auto result = answer(finished.run());
  ASSERT_TRUE(result.best);
  EXPECT_FALSE(result.best->delta_baseline);
  EXPECT_NE(result.sentence.find("not comparable with the engine's defaults"), std::string::npos)
      << result.sentence;
}

TEST(Terminal, MarksTheChosenRowAndFitsNarrowTerminals) {
  FinishedRun finished;
  const auto result = answer(finished.run());
  const auto table = trials_table(finished.run(), result, {.colour = false, .width = 200});
  EXPECT_NE(table.find("*1  2"), std::string::npos) << table;
  EXPECT_NE(table.find("oom: failed to allocate"), std::string::npos);
  EXPECT_EQ(table.find("Not shown"), std::string::npos);
  finished.run().task.space.parameters.push_back({"batch-size", space::Choices{{256, 512}}});
  const auto narrow = trials_table(finished.run(), result, {.colour = false, .width = 40});
  EXPECT_NE(narrow.find("Not shown for want of room: batch-size ("), std::string::npos) << narrow;
  const auto text = verdict_text(finished.run(), result, {});
  EXPECT_NE(text.find("✓ kept"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colour unless asked for";
}

}  // namespace
}  // namespace autotuner::report
