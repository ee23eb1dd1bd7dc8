#include "tuning/task_log.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::tuning {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TaskLogTest : public testing::Test {
 protected:
  TaskLogTest() : log_(std::make_unique<TaskLog>(folder_.path(), clock_)) {}

  void tell(const Event& event) {
    const auto written = log_->write(event);
    EXPECT_TRUE(written) << written.error().message;
  }
  void start_run(int run = 1, bool resumed = false) {
    log_ = std::make_unique<TaskLog>(folder_.path(), clock_);
    tell(RunStarted{7, run, 3, false, resumed, "vLLM", false});
  }
  void start(int number, int attempt = 1) {
    tell(ExperimentStarted{number, attempt, {{"max-num-seqs", 8}}, "grid", "grid"});
  }
  void finish(int number, bool success = true) {
    Experiment experiment;
    experiment.number = number;
    experiment.status = success ? ExperimentStatus::success : ExperimentStatus::failed;
    if (!success) {
      experiment.failure.emplace();
      experiment.failure->message = "out of memory";
      experiment.log_tail = "last words\n";
    }
    tell(ExperimentFinished{experiment, std::nullopt, std::nullopt, ""});
  }
  std::string text(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder_.path(name)).rdbuf();
    return out.str();
  }
  /// The lines without their time stamps.
  std::vector<std::string> lines(const std::string& name) const {
    auto all = base::split(text(name), '\n');
    all.pop_back();
    for (auto& line : all)
      if (line.starts_with('[')) line = line.substr(std::string("[YYYY-MM-DD HH:MM:SS] ").size());
    return all;
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(folder_.path(name)); }

  test::TemporaryFolder folder_;
  test::ManualClock clock_;
  std::unique_ptr<TaskLog> log_;
};

TEST_F(TaskLogTest, PutsATrialBetweenItsMarkersInBothFiles) {
  start_run();
  start(1);
  tell(PhaseChanged{1, "ready", "vLLM 0.11"});
  tell(LevelFinished{1, test::fake_batch("D(100,100)", 4, 1200, 0.5)});
  finish(1);
  tell(RunFinished{TaskState::completed, "space_exhausted"});
  const auto trial = lines("task_7_exp_1.log");
  EXPECT_THAT(trial, ElementsAre("[INFO] [Experiment 1] Status: DEPLOYING", "[INFO] max-num-seqs=8  [grid]",
                                 "[INFO] ready: vLLM 0.11",
                                 HasSubstr("[INFO] [benchmark] D(100,100) at concurrency 4: "),
                                 "[INFO] [Experiment 1] Status: SUCCESS"));
  auto expected = trial;
  expected.insert(expected.begin(), "[INFO] Run 1 of task 7 starts: vLLM, 3 trials planned");
  expected.emplace_back("[INFO] Run completed: space_exhausted");
  EXPECT_EQ(lines("task_7.log"), expected);
  EXPECT_EQ(text("task_7.log").substr(0, 22), "[2027-01-15 08:00:01] ");
}

TEST_F(TaskLogTest, QuotesTheEngineOfAFailureBeforeTheClosingMarker) {
  start_run();
  start(2);
  finish(2, false);
  const auto trial = lines("task_7.log");
  ASSERT_EQ(trial.size(), 6U);
  EXPECT_THAT(trial[3], HasSubstr("out of memory"));
  EXPECT_EQ(trial[4], "[ERROR] [engine] last words");
  EXPECT_EQ(trial[5], "[INFO] [Experiment 2] Status: FAILED");
}

TEST_F(TaskLogTest, KeepsTrialsThatRunTogetherApart) {
  start_run();
  start(1);
  start(2);
  tell(PhaseChanged{1, "ready", ""});
  finish(2);
  finish(1);
  EXPECT_THAT(lines("task_7.log"),
              ElementsAre(testing::_, "[INFO] [Experiment 2] Status: DEPLOYING", testing::_,
                          "[INFO] [Experiment 2] Status: SUCCESS", "[INFO] [Experiment 1] Status: DEPLOYING",
                          testing::_, "[INFO] ready", "[INFO] [Experiment 1] Status: SUCCESS"));
}

TEST_F(TaskLogTest, GoesOnAfterAKillAndMarksTheNewAttempt) {
  start_run();
  start(1);
  start_run(1, true);
  EXPECT_EQ(lines("task_7.log").size(), 2U) << "an attempt that was cut off leaves no markers";
  start(1, 2);
  finish(1);
  const auto trial = lines("task_7_exp_1.log");
  ASSERT_EQ(trial.size(), 6U);
  EXPECT_EQ(trial[2], "--- attempt 2 ---");
}

TEST_F(TaskLogTest, SetsTheFilesOfAnEarlierRunAside) {
  start_run();
  start(1);
  finish(1);
  const auto earlier = text("task_7.log");
  start_run(2);
  EXPECT_EQ(text("task_7.run1.log"), earlier);
  EXPECT_TRUE(exists("task_7.run1_exp_1.log"));
  EXPECT_FALSE(exists("task_7_exp_1.log"));
  EXPECT_EQ(lines("task_7.log").size(), 1U);
}

TEST_F(TaskLogTest, SaysOnceThatItCanNotWrite) {
  log_ = std::make_unique<TaskLog>("/proc/nowhere", clock_);
  const auto first = log_->write(RunStarted{7, 1, 3, false, false, "vLLM", false});
  ASSERT_FALSE(first);
  EXPECT_THAT(first.error().message, HasSubstr("the task's log /proc/nowhere/task_7.log can't be written"));
  EXPECT_TRUE(log_->write(ExperimentStarted{1, 1, {}, "grid", "grid"}));
}

}  // namespace
}  // namespace autotuner::tuning
