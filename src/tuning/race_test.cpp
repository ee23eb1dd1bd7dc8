#include "tuning/race.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loop_fixture.hpp"
#include "tuning/outline.hpp"

namespace autotuner::tuning {
namespace {

using test::await;
using test::by_flags;
using test::measured;
using test::throughput_of;

/// Per GPU the second (1 GPU, 64 sequences) is the best, the first next.
spec::Task race_task(spec::RaceWish race) {
  auto task = test::grid_of_four("race");
  task.running.race = race;
  return task;
}

class FinalRaceTest : public test::LoopFixture {
 protected:
  void take_ten_seconds() {
    load.behaviour = [this](const LoadRequest& request, const space::Point& flags) {
      clock.advance(std::chrono::seconds(10));
      return by_flags(request, flags);
    };
  }
};

std::vector<int> raced(const Run& run) {
  std::vector<int> numbers;
  for (const auto& row : run.experiments) {
    if (row.phase_of_search == race_phase) numbers.push_back(row.repeat_of.value_or(-1));
  }
  return numbers;
}

TEST_F(FinalRaceTest, MeasuresTheBestAndTheDefaultsRoundByRoundInTurningOrder) {
  const auto result = run(race_task({.candidates = 2, .rounds = 5}));
  EXPECT_EQ(result.planned, 4U + 3 * 5);
  // Differences of 3 % and 5 % without noise: decided after a few rounds.
  const auto race = race_of(result);
  ASSERT_TRUE(race);
  EXPECT_TRUE(race->result.decided);
  const auto order = raced(result);
  ASSERT_GE(order.size(), 9U);
  EXPECT_EQ(std::vector(order.begin(), order.begin() + 9), (std::vector{2, 1, 0, 1, 0, 2, 0, 2, 1}));
  const auto& first = result.experiments[5];
  EXPECT_EQ(first.repeat_of, 2);
  EXPECT_EQ(first.phase_of_search, "race");
  EXPECT_EQ(first.reason, "race round 1 of 5: #2 against #1 and the defaults");
  EXPECT_EQ(host.starts.size(), result.experiments.size()) << "every round has a fresh engine";
  EXPECT_EQ(choose(result).best, 2);
  ASSERT_FALSE(notices.empty());
  EXPECT_TRUE(notices.back().starts_with("race: ")) << notices.back();
}

TEST_F(FinalRaceTest, ChoosesByTheRaceAndNotByTheLuckyRunThatMadeAnEntrant) {
  load.behaviour = [](const LoadRequest& request, const space::Point& flags) {
    return measured(throughput_of(flags) * (request.experiment == 1 ? 1.2 : 1.0));
  };
  const auto result = run(race_task({.candidates = 2, .rounds = 5}));
  const auto choice = choose(result);
  EXPECT_EQ(choice.best, 2);
  EXPECT_EQ(choice.fastest_single, 1);
  EXPECT_TRUE(choice.order.front().raced);
}

TEST_F(FinalRaceTest, RacesTheDefaultsThatNothingBeatAndLeavesOutRowsThatCopyThem) {
  auto task = race_task({.candidates = 2, .rounds = 3});
  task.space.parameters = {{"max-num-seqs", space::Choices{{space::Value(), 5}}}};
  const auto result = run(task);
  ASSERT_EQ(result.experiments[1].same_as, 0);
  const auto race = race_of(result);
  ASSERT_TRUE(race);
  ASSERT_EQ(race->entrants.size(), 2U);
  EXPECT_EQ(race->entrants[0].number, 2);
  EXPECT_EQ(race->entrants[1].number, 0);
  EXPECT_EQ(choose(result).best, 0);
}

TEST_F(FinalRaceTest, RunsNoRaceOfOne) {
  auto task = race_task({.candidates = 2, .rounds = 3});
  task.space.parameters = {{"max-num-seqs", space::Choices{{64}}}};
  EXPECT_TRUE(raced(run(task, {.baseline = false})).empty());
}

TEST_F(FinalRaceTest, PutsOutAnEntrantThatFailsInTwoRounds) {
  host.behaviour = [this](const EngineRequest& request) -> std::optional<engine::Failure> {
    const bool in_race = host.starts.size() > 5;
    const auto* sequences = request.resolved.flags.find("max-num-seqs");
    const bool best = sequences != nullptr && sequences->as_number() == 64 &&
                      request.resolved.flags.find("tensor-parallel-size")->as_number() == 1;
    if (!in_race || !best) return std::nullopt;
    return engine::Failure{engine::FailureCode::not_ready, engine::FailureClass::oom, "out of memory", false};
  };
  const auto result = run(race_task({.candidates = 2, .rounds = 3}));
  const auto race = race_of(result);
  ASSERT_TRUE(race);
  EXPECT_EQ(race->result.order.back().number, 2);
  EXPECT_EQ(race->result.order.back().exit, search::RaceExit::failed);
  EXPECT_NE(choose(result).best, 2);
}

/// The rows without times, which a resumed run measures anew.
std::vector<std::tuple<int, std::optional<int>, std::string, std::optional<double>>> rows_of(const Run& run) {
  std::vector<std::tuple<int, std::optional<int>, std::string, std::optional<double>>> rows;
  rows.reserve(run.experiments.size());
  for (const auto& row : run.experiments)
    rows.emplace_back(row.number, row.repeat_of, row.reason, row.score.score);
  return rows;
}

/// Noise that depends on the row's number alone, so that a resumed run meets the same.
LoadResult noisy(const LoadRequest& request, const space::Point& flags) {
  return measured(throughput_of(flags) * (1 + 0.004 * ((request.experiment * 7) % 5 - 2)));
}

TEST_F(FinalRaceTest, GoesOnFromEveryRowAsIfItHadNotBeenStopped) {
  const auto task = race_task({.candidates = 2, .rounds = 4});
  load.behaviour = noisy;
  const auto whole = run(task);
  ASSERT_GT(whole.experiments.size(), 12U);
  const auto out = race_of(whole)->result.order.back();
  ASSERT_TRUE(out.left_after > 0 && out.left_after < 4) << "nobody is put out while the race goes on";
  for (int cut = 4; cut < whole.experiments.back().number; ++cut) {
    for (const bool within : {false, true}) {
      test::MemoryTaskStore own_store;
      std::stop_source stop;
      load.behaviour = [&](const LoadRequest& request, const space::Point& flags) {
        if (within && request.experiment == cut) stop.request_stop();
        return noisy(request, flags);
      };
      const auto listen = [&](const Event& event) {
        const auto* finished = std::get_if<ExperimentFinished>(&event);
        if (!within && finished != nullptr && finished->experiment.number == cut) stop.request_stop();
      };
      TuningLoop loop(own_store, host, load, clock, listen);
      const auto stopped = await(loop.run(task, {}, stop.get_token()));
      ASSERT_TRUE(stopped);
      EXPECT_EQ(stopped->state, TaskState::cancelled);
      load.behaviour = noisy;
      TuningLoop again(own_store, host, load, clock, [](const Event&) {});
      const auto resumed = await(again.run(task, {.resume = true}, {}));
      ASSERT_TRUE(resumed);
      EXPECT_EQ(rows_of(*resumed), rows_of(whole)) << "cut at " << cut << (within ? " within" : " after");
    }
  }
}

TEST_F(FinalRaceTest, UsesTheWholeRoundsOfARaceThatIsInterrupted) {
  std::stop_source stop;
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished != nullptr && finished->experiment.number == 8) stop.request_stop();
  };
  const auto result = run(race_task({.candidates = 2, .rounds = 5}), {}, stop.get_token());
  EXPECT_EQ(result.state, TaskState::cancelled);
  ASSERT_EQ(raced(result).size(), 4U);
  EXPECT_EQ(race_of(result)->result.rounds, 1);
  const auto choice = choose(result);
  EXPECT_EQ(choice.best, 2);
  EXPECT_EQ(choice.equivalent.size(), 2U) << "one round tells nobody apart";
  for (const auto& standing : choice.order) {
    if (standing.raced) EXPECT_EQ(standing.scores, 1) << "a row of the round that was cut off doesn't count";
  }
}

/// Twenty points of 10 s each, two of which race the defaults, in a task of so many seconds.
spec::Task timed_task(int rounds, int seconds) {
  auto task = race_task({.candidates = 2, .rounds = rounds});
  space::Choices sequences;
  for (int n = 1; n <= 20; ++n) sequences.values.emplace_back(n);
  task.space.parameters = {{"max-num-seqs", sequences}};
  task.running.total_timeout = std::chrono::seconds(seconds);
  return task;
}

TEST_F(FinalRaceTest, GetsUpToAThirdOfTheTaskTimeAndBeginsNoRoundThatTheLimitWouldCutOff) {
  take_ten_seconds();
  const auto result = run(timed_task(5, 320));
  EXPECT_EQ(result.stop_reason, "space_exhausted");
  EXPECT_EQ(raced(result).size(), 9U)
      << "three rounds take 90 s of the 110 that are left, a fourth is too long";
  const auto shorter = run(timed_task(5, 285));
  EXPECT_EQ(shorter.stop_reason, "total_timeout");
  EXPECT_EQ(std::ranges::count_if(shorter.experiments, is_search_row), 18) << "95 s are left to the race";
  EXPECT_EQ(raced(shorter).size(), 9U);
  EXPECT_EQ(shorter.state, TaskState::completed);
  EXPECT_THAT(notices, testing::Contains("no more rounds of the race: it needs 30.0 s to tell the entrants "
                                         "apart, 5.0 s are left"));
}

TEST_F(FinalRaceTest, TakesNoTimeFromTheSearchWhereItCouldDecideNothing) {
  take_ten_seconds();
  const auto result = run(timed_task(5, 150));
  EXPECT_EQ(result.stop_reason, "total_timeout");
  EXPECT_EQ(std::ranges::count_if(result.experiments, is_search_row), 14);
  EXPECT_TRUE(raced(result).empty());
  EXPECT_THAT(notices,
              testing::Contains("no final race: it needs 1 min 30 s to tell the entrants apart, 0 ms "
                                "are left"));
}

TEST_F(FinalRaceTest, ReservesNoMoreTimeThanItNeeds) {
  auto task = race_task({.candidates = 2, .rounds = 1});
  task.running.total_timeout = std::chrono::seconds(1000);
  take_ten_seconds();
  const auto result = run(task);
  EXPECT_EQ(race_reserve(result, true), 30);
  EXPECT_EQ(raced(result).size(), 3U);
  task.running.race.reset();
  tuning::Run without = result;
  without.task = task;
  EXPECT_EQ(race_reserve(without, true), 0);
}

TEST_F(FinalRaceTest, RacesAnewWhenTheSearchWentOnAfterwards) {
  auto task = race_task({.candidates = 2, .rounds = 1});
  task.search.max_iterations = 3;
  const auto before = run(task);
  EXPECT_EQ(raced(before).size(), 3U);
  task.search.max_iterations = 4;
  const auto result = run(task, {.resume = true});
  EXPECT_EQ(raced(result).size(), 6U);
  const auto race = race_of(result);
  ASSERT_TRUE(race);
  for (const auto& rows : race->rows) {
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_GT(rows.front(), 7) << "rounds of the first race don't count for the second";
  }
}

TEST_F(FinalRaceTest, MayChangeOnResume) {
  auto task = race_task({.candidates = 2, .rounds = 1});
  task.document = R"({"optimization":{"race":{"candidates":2,"rounds":1}}})";
  run(task);
  task.running.race->rounds = 2;
  task.document = R"({"optimization":{"race":{"candidates":2,"rounds":2}}})";
  EXPECT_EQ(raced(run(task, {.resume = true})).size(), 6U);
}

}  // namespace
}  // namespace autotuner::tuning
