#include "tuning/short_look.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/support/loop_fixture.hpp"
#include "tuning/outline.hpp"
#include "tuning/race.hpp"

namespace autotuner::tuning {
namespace {

using test::fake_batch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto scenario = test::loop_scenario;

struct Case {
  metrics::Estimate look, whole;
  bool maximise = true;
  double usual = 0;
  bool worse = false;
};

TEST(ShortLook, IsSurelyWorseOnlyBeyondAllowanceAndIntervals) {
  const std::vector<Case> cases{
      {{100, 0.02, 0.02}, {100, 0.01, 0.01}, true, 0, false},
      {{94, 0, 0}, {100, 0, 0}, true, 0, true},   // 6.4 % behind
      {{95, 0, 0}, {100, 0, 0}, true, 0, false},  // 5.3 % behind: the allowance
      {{90, 0.02, 0.02}, {100, 0.01, 0.01}, true, 0, true},
      {{90, 0.08, 0.08}, {100, 0.01, 0.01}, true, 0, false},     // may be better than it looks
      {{90, 0.08, 0.02}, {100, 0.01, 0.01}, true, 0, true},      // only worse than it looks
      {{90, 0.02, 0.02}, {100, 0.01, 0.01}, true, 0.08, false},  // looks are usually so far behind
      {{1.0, 0.02, 0.02}, {0.9, 0.01, 0.01}, false, 0, true},
      {{0.9, 0.02, 0.02}, {1.0, 0.01, 0.01}, false, 0, false},
      {{1.0, 0.08, 0.02}, {0.9, 0.01, 0.01}, false, 0, false},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& c = cases[i];
    const auto lag = lag_behind(c.look, c.whole, c.maximise, c.usual);
    ASSERT_TRUE(lag) << i;
    EXPECT_EQ(is_surely_worse(*lag), c.worse) << i;
    EXPECT_LE(lag->low, lag->share) << i;
    EXPECT_LE(lag->share, lag->high) << i;
  }
}

TEST(ShortLook, KnowsNothingOfAnIntervalThatReachesZero) {
  EXPECT_FALSE(lag_behind({100, 1.0, 0.1}, {100, 0.1, 0.1}, true, 0));
  EXPECT_FALSE(lag_behind({0, 0.1, 0.1}, {100, 0.1, 0.1}, true, 0));
}

/// Share of looks, with noise of deviation 4 %, that are called surely worse than a best with one of 2 %.
double share_cut(double true_ratio) {
  constexpr int rounds = 20'000;
  constexpr double look_noise = 0.04;
  constexpr double whole_noise = 0.02;
  base::Random random(11);
  int cut = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto measured = [&](double value, double noise) {
      const double reach = 1.96 * noise;
      return metrics::Estimate{value * std::exp(random.normal(0, noise)), 1 - std::exp(-reach),
                               std::exp(reach) - 1};
    };
    const auto lag = lag_behind(measured(100 / true_ratio, look_noise), measured(100, whole_noise), true, 0);
    cut += is_surely_worse(*lag) ? 1 : 0;
  }
  return static_cast<double>(cut) / rounds;
}

TEST(ShortLook, ErrsAtTheRateThatItsFormulaNames) {
  // Where the truth is the margin itself, one in forty; where there is nothing to tell apart, far fewer.
  EXPECT_NEAR(share_cut(1.01 * 1.05), 0.025, 0.005);
  EXPECT_LT(share_cut(1.0), 0.003);
  EXPECT_GT(share_cut(1.3), 0.9);
}

spec::Task look_task() {
  auto task = test::grid_of_four("look");
  task.workload.max_time = std::chrono::seconds(40);
  task.workload.max_requests = 100;
  task.running.short_look = 0.25;
  return task;
}

bool is_look(const LoadRequest& request) {
  return request.workload.max_requests < 100;
}

/// Throughput hardly grows with the GPUs, so per GPU two are half as good; a look knows it to 4 %.
LoadResult looked_by_flags(const LoadRequest& request, const space::Point& flags) {
  const double throughput = 1000 + test::number_of(flags, "max-num-seqs", 10);
  const double gpus = test::number_of(flags, "tensor-parallel-size", 1);
  auto batch = fake_batch(scenario, 4, throughput, 0.5 * gpus);
  const double reach = is_look(request) ? 0.04 : 0.02;
  batch.ci95["mean_total_throughput"] = {throughput * (1 - reach), throughput * (1 + reach)};
  batch.ci95["mean_ttft"] = {0.45 * gpus, 0.55 * gpus};
  LoadResult result;
  result.batches = {batch};
  return result;
}

class ShortLookTest : public test::LoopFixture {
 protected:
  ShortLookTest() { load.behaviour = looked_by_flags; }

  /// By load sent, the experiment, negative for a look.
  std::vector<int> loads() const {
    std::vector<int> numbers;
    numbers.reserve(load.runs.size());
    for (const auto& request : load.runs)
      numbers.push_back(is_look(request) ? -request.experiment : request.experiment);
    return numbers;
  }
};

TEST_F(ShortLookTest, SendsTheWholeLoadOnlyWhereItMayStillWin) {
  const auto result = run(look_task());
  // The defaults are measured whole, and nothing is cut short before one look went on.
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, -4));
  ASSERT_EQ(result.experiments.size(), 5U);
  EXPECT_EQ(result.experiments[2].fidelity, 1);
  EXPECT_EQ(result.experiments[2].look.at("mean_total_throughput_per_gpu"), 1064);
  const auto& cut = result.experiments[3];
  EXPECT_EQ(cut.status, ExperimentStatus::success);
  EXPECT_EQ(cut.fidelity, 0.25);
  EXPECT_TRUE(cut.metrics->partial);
  EXPECT_EQ(cut.cut_short, "short look only: 106 % behind #2 (97 to 116 %), so the whole load was not sent");
  EXPECT_EQ(choose(result).best, 2);
}

TEST_F(ShortLookTest, SharesTimeAndRequestsAndSpeaksOtherPrompts) {
  std::vector<std::string> phases;
  int levels = 0;
  on_event = [&](const Event& event) {
    if (const auto* phase = std::get_if<PhaseChanged>(&event); phase != nullptr && phase->number == 1)
      phases.push_back(phase->phase);
    levels += std::holds_alternative<LevelFinished>(event) ? 1 : 0;
  };
  run(look_task());
  const auto& look = load.runs[1];
  const auto& whole = load.runs[2];
  EXPECT_EQ(look.workload.max_time.count(), 10);
  EXPECT_EQ(look.workload.max_requests, 25);
  EXPECT_EQ(look.workload.levels, whole.workload.levels);
  EXPECT_NE(look.prompt_stream, whole.prompt_stream);
  EXPECT_THAT(phases, ElementsAre("deploy", "ready", "look", "level", "teardown"));
  EXPECT_EQ(levels, 3);
}

TEST_F(ShortLookTest, IsNoneUnlessTheTaskWantsOne) {
  auto task = look_task();
  task.running.short_look.reset();
  run(task);
  EXPECT_THAT(loads(), ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(ShortLookTest, IsNoneWhileNothingIsFinished) {
  run(look_task(), {.baseline = false});
  EXPECT_THAT(loads(), ElementsAre(1, -2, 2, -3, -4));
}

TEST_F(ShortLookTest, CutsNothingThatItKnowsTooLittleOf) {
  load.behaviour = [](const LoadRequest& request, const space::Point& flags) {
    auto result = looked_by_flags(request, flags);
    if (is_look(request)) result.batches[0].ci95.clear();
    return result;
  };
  run(look_task());
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, 3, -4, 4));
}

TEST_F(ShortLookTest, LearnsHowFarLooksAreBehind) {
  load.behaviour = [](const LoadRequest& request, const space::Point& flags) {
    auto result = looked_by_flags(request, flags);
    if (!is_look(request)) return result;
    // A look of every configuration sees half of what the whole load shows.
    auto& batch = result.batches[0];
    batch.mean_total_throughput /= 2;
    auto& known = batch.ci95["mean_total_throughput"];
    known = {known.low / 2, known.high / 2};
    return result;
  };
  const auto result = run(look_task());
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, -4));
  EXPECT_THAT(result.experiments[3].cut_short, HasSubstr("106 % behind #2 (97 to 116 %)"));
}

TEST_F(ShortLookTest, EndsWhereAHardLimitIsSurelyBroken) {
  auto task = look_task();
  metrics::Limit limit;
  limit.name = "ttft";
  limit.threshold = 0.55;
  limit.hard_fail = true;
  limit.fail_ratio = 0.2;
  task.goal.slo.limits = {limit};
  task.goal.objective = metrics::Objective::maximize_throughput;
  load.behaviour = [](const LoadRequest& request, const space::Point& flags) {
    auto result = looked_by_flags(request, flags);
    auto& batch = result.batches[0];
    const double gpus = test::number_of(flags, "tensor-parallel-size", 1);
    batch.mean_total_throughput *= 2 * gpus;  // the limit alone is against two GPUs
    return result;
  };
  const auto result = run(task);
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, -4));
  const auto& cut = result.experiments[3];
  EXPECT_EQ(cut.rank(), 2);
  EXPECT_EQ(cut.failure->code, engine::FailureCode::slo_hard_violation);
  EXPECT_EQ(cut.fidelity, 0.25);
  EXPECT_THAT(cut.cut_short, HasSubstr("over the limit"));
  EXPECT_EQ(choose(result).best, 2);
}

TEST_F(ShortLookTest, OfSeveralObjectivesOneThatLeadsIsEnoughToGoOn) {
  auto task = look_task();
  task.goal.objectives = {{"mean_total_throughput_per_gpu", true}, {"mean_ttft", false}};
  load.behaviour = [](const LoadRequest& request, const space::Point& flags) {
    auto result = looked_by_flags(request, flags);
    auto& batch = result.batches[0];
    if (test::number_of(flags, "tensor-parallel-size", 1) == 2 &&
        test::number_of(flags, "max-num-seqs", 0) == 32) {
      batch = fake_batch(scenario, 4, batch.mean_total_throughput, 0.1);
      batch.ci95["mean_total_throughput"] = {990, 1070};
      batch.ci95["mean_ttft"] = {0.09, 0.11};
    }
    return result;
  };
  run(task);
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, 3, -4));
}

TEST_F(ShortLookTest, IsNoCandidateForRepeatsAndRaces) {
  auto task = look_task();
  task.running.race = spec::RaceWish{4, 1};
  const auto raced = run(task);
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, -4, 5, 6, 7));
  EXPECT_EQ(race_of(raced)->entrants.size(), 3U);
  task.running.race.reset();
  task.running.repeat_best = std::pair(4, 1);
  EXPECT_TRUE(due_repeats(run(task)).empty());
  EXPECT_EQ(load.runs.size(), 10U + 9U);
}

TEST_F(ShortLookTest, ResumesAsIfItHadNotStopped) {
  std::stop_source stop;
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished != nullptr && finished->experiment.number == 3) stop.request_stop();
  };
  run(look_task(), {}, stop.get_token());
  on_event = nullptr;
  const auto resumed = run(look_task(), {.resume = true});
  EXPECT_THAT(loads(), ElementsAre(0, -1, 1, -2, 2, -3, -4));
  EXPECT_EQ(resumed.experiments[4].fidelity, 0.25);
  EXPECT_EQ(trial_of(resumed.experiments[3]).fidelity, 0.25);
}

TEST(ShortLook, SurvivesTheRecord) {
  Experiment experiment;
  experiment.number = 3;
  experiment.status = ExperimentStatus::success;
  experiment.fidelity = 0.25;
  experiment.cut_short = "short look only: 34 % behind #7 (28 to 40 %), so the whole load was not sent";
  experiment.look = {{"mean_ttft", 0.5}};
  const auto read = experiment_from_json(to_json(experiment));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, experiment);
}

}  // namespace
}  // namespace autotuner::tuning
