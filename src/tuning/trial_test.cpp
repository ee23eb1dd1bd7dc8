#include "tuning/trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_fixture.hpp"

namespace autotuner::tuning {
namespace {

using test::fake_batch;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto scenario = test::loop_scenario;

/// max-num-seqs {32,64} x client.concurrency {4,16} on the simulated engine.
spec::Task task_with_client_choices() {
  auto task = test::grid_of_four("client");
  task.space.parameters = {{"max-num-seqs", space::Choices{{32, 64}}},
                           {"client.concurrency", space::Choices{{4, 16}}}};
  task.goal.at.kind = metrics::BasisKind::best_point;
  task.workload.levels = {{4, std::nullopt}, {16, std::nullopt}};
  return task;
}

/// Each level measures 10 tokens/s for each request in flight and one for each sequence.
LoadResult by_level(const LoadRequest& request, const space::Point& flags) {
  const auto* sequences = flags.find("max-num-seqs");
  LoadResult result;
  for (const auto& level : request.workload.levels) {
    result.batches.push_back(fake_batch(
        scenario, level.concurrency,
        10 * level.concurrency + (sequences == nullptr ? 1 : sequences->as_number().value_or(1)), 0.5));
  }
  return result;
}

LoadResult broken(bool transient = false) {
  LoadResult result;
  result.failure = engine::Failure{engine::FailureCode::benchmark_failed, engine::FailureClass::other,
                                   "broken", transient};
  return result;
}

std::vector<std::string> phases_of(const Experiment& experiment) {
  std::vector<std::string> names;
  names.reserve(experiment.phases.size());
  for (const auto& phase : experiment.phases) names.push_back(phase.name);
  return names;
}

class EngineReuseTest : public test::LoopFixture {
 protected:
  EngineReuseTest() { load.behaviour = by_level; }

  static std::vector<std::optional<int>> engines(const tuning::Run& result) {
    std::vector<std::optional<int>> numbers;
    numbers.reserve(result.experiments.size());
    for (const auto& experiment : result.experiments) numbers.push_back(experiment.engine_of);
    return numbers;
  }
};

TEST_F(EngineReuseTest, StartsOneEngineForAllLoadsOfTheSameFlags) {
  const auto result = run(task_with_client_choices());
  EXPECT_EQ(host.starts.size(), 3U) << "defaults, 32 and 64 sequences";
  EXPECT_THAT(engines(result), ElementsAre(std::nullopt, std::nullopt, 1, std::nullopt, 3));
  EXPECT_THAT(phases_of(result.experiments[2]), ElementsAre("reuse", "level"));
  EXPECT_THAT(phases_of(result.experiments[3]), ElementsAre("teardown", "deploy", "ready", "level"));
  EXPECT_FALSE(result.experiments[2].command.empty());
  EXPECT_EQ(result.experiments[2].engine_version, "1");
  ASSERT_TRUE(choose(result).best);
  EXPECT_EQ(space::to_text(find(result, *choose(result).best)->parameters),
            "max-num-seqs=64 client.concurrency=16");
}

TEST_F(EngineReuseTest, MeasuresTheLoadThatThePointAsksFor) {
  const auto result = run(task_with_client_choices());
  ASSERT_EQ(load.runs.size(), 5U);
  EXPECT_EQ(load.runs[0].workload.levels.size(), 2U) << "the defaults at every level";
  EXPECT_THAT(load.runs[1].workload.levels, ElementsAre(load::Level{.concurrency = 4}));
  EXPECT_THAT(load.runs[2].workload.levels, ElementsAre(load::Level{.concurrency = 16}));
  EXPECT_EQ(result.experiments[0].score.value, 161) << "of the best level";
}

TEST_F(EngineReuseTest, StartsAnEngineForEachTrialWhereOnlyFlagsDiffer) {
  auto task = task_with_client_choices();
  task.space.parameters[1].domain = space::Choices{{4}};
  const auto result = run(task);
  EXPECT_EQ(host.starts.size(), 3U);
  EXPECT_THAT(phases_of(result.experiments[1]), ElementsAre("deploy", "ready", "level", "teardown"));
}

TEST_F(EngineReuseTest, TriesAFailedLoadAgainWithAFreshEngine) {
  int sixteens = 0;
  load.behaviour = [&](const LoadRequest& request, const space::Point& flags) {
    const bool first = request.experiment == 2 && ++sixteens == 1;
    return first ? broken() : by_level(request, flags);
  };
  const auto result = run(task_with_client_choices());
  const auto& second = result.experiments[2];
  EXPECT_EQ(second.status, ExperimentStatus::success);
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(second.engine_of, std::nullopt) << "what counts was measured on its own engine";
  EXPECT_THAT(second.warnings, testing::Contains(HasSubstr("first attempt failed: broken")));
  EXPECT_EQ(host.starts.size(), 4U);
}

TEST_F(EngineReuseTest, KeepsNoEngineAfterAFailure) {
  load.behaviour = [&](const LoadRequest& request, const space::Point& flags) {
    return request.experiment == 1 ? broken() : by_level(request, flags);
  };
  const auto result = run(task_with_client_choices());
  EXPECT_EQ(result.experiments[1].status, ExperimentStatus::failed);
  EXPECT_EQ(result.experiments[1].attempt, 1) << "a fresh engine's failure is its own";
  EXPECT_EQ(result.experiments[2].engine_of, std::nullopt);
}

TEST_F(EngineReuseTest, KeepsTheEngineWhereAHardLimitIsBroken) {
  auto task = task_with_client_choices();
  metrics::Limit limit;
  limit.name = "ttft";
  limit.stat = "p90";
  limit.threshold = 0.1;
  limit.hard_fail = true;
  limit.fail_ratio = 0.5;
  task.goal.slo.limits = {limit};
  const auto result = run(task);
  EXPECT_EQ(result.experiments[1].rank(), 2);
  EXPECT_THAT(engines(result), ElementsAre(std::nullopt, std::nullopt, 1, std::nullopt, 3));
  EXPECT_EQ(result.experiments[2].attempt, 1) << "broken limits are an answer";
}

TEST_F(EngineReuseTest, StartsAnotherWhenTheKeptOneDied) {
  test::FakeEngine* dying = nullptr;
  host.on_start = [&](test::FakeEngine& engine) { dying = &engine; };
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished != nullptr && finished->experiment.number == 1)
      dying->die({engine::FailureCode::deploy_failed, engine::FailureClass::exited, "gone", false});
  };
  const auto result = run(task_with_client_choices());
  EXPECT_EQ(result.experiments[2].status, ExperimentStatus::success);
  EXPECT_EQ(result.experiments[2].engine_of, std::nullopt);
  EXPECT_EQ(host.starts.size(), 4U);
}

TEST_F(EngineReuseTest, LeavesNothingRunningWhenItIsStoppedBetweenTrials) {
  std::stop_source stop;
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished == nullptr || finished->experiment.number != 1) return;
    EXPECT_EQ(host.alive, 1) << "kept for the next one";
    stop.request_stop();
  };
  const auto result = run(task_with_client_choices(), {}, stop.get_token());
  EXPECT_EQ(result.state, TaskState::cancelled);
  EXPECT_EQ(result.experiments.size(), 2U);
}

TEST_F(EngineReuseTest, GivesEveryRowOfTheRaceAFreshEngine) {
  auto task = task_with_client_choices();
  task.running.race = spec::RaceWish{.candidates = 2, .rounds = 2};
  const auto result = run(task);
  int heats = 0;
  for (const auto& experiment : result.experiments) {
    if (!experiment.repeat_of) continue;
    ++heats;
    EXPECT_EQ(experiment.engine_of, std::nullopt);
  }
  EXPECT_GT(heats, 0);
  EXPECT_EQ(host.starts.size(), 3U + static_cast<std::size_t>(heats));
}

TEST_F(EngineReuseTest, KeepsAnEngineOfItsOwnForEachOfSeveralWorkers) {
  auto task = task_with_client_choices();
  task.running.max_parallel_experiments = 2;
  const auto result = run(task);
  EXPECT_EQ(result.experiments.size(), 5U);
  for (const auto& experiment : result.experiments) {
    EXPECT_EQ(experiment.status, ExperimentStatus::success);
    if (!experiment.engine_of) continue;
    EXPECT_EQ(find(result, *experiment.engine_of)->flags, experiment.flags);
  }
}

TEST_F(EngineReuseTest, TellsTheSearchThatAReusedEngineNeededNoStart) {
  host.behaviour = [&](const EngineRequest&) {
    clock.advance(std::chrono::duration<double>(30));
    return std::nullopt;
  };
  const auto result = run(task_with_client_choices());
  EXPECT_EQ(result.experiments[1].deploy_s + result.experiments[1].ready_s, 30);
  EXPECT_EQ(result.experiments[2].deploy_s + result.experiments[2].ready_s, 0);
}

}  // namespace
}  // namespace autotuner::tuning
