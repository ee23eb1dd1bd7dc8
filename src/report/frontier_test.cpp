#include "report/frontier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/answer.hpp"
#include "report/html.hpp"
#include "report/summary.hpp"
#include "report/terminal.hpp"
#include "tests/support/finished_run.hpp"

namespace autotuner::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<int> numbers(const std::vector<Frontier::Point>& points) {
  std::vector<int> found;
  for (const auto& point : points) found.push_back(point.number);
  return found;
}

/// Throughput against P90 TTFT: the defaults 60 and 0.8 s, #1 75 and 0.7 s, #2 90 and 1.5 s (over the limit),
/// #4 50 and 0.3 s.
class TwoObjectives {
 public:
  TwoObjectives() {
    auto& run = finished_.run();
    run.task.goal.objectives = {{"mean_total_throughput", true}, {"p90_ttft", false}};
    finished_.measured(4, {{"threads", 1}, {"ctx-size", 4096}}, 50, 0.3);
    rescore();
  }
  void rescore() {
    for (auto& experiment : finished_.run().experiments) {
      if (experiment.metrics)
        experiment.score = metrics::score(*experiment.metrics, finished_.run().task.goal);
    }
  }
  tuning::Run& run() { return finished_.run(); }

 private:
  test::FinishedRun finished_;
};

TEST(Frontier, IsOfWhatKeepsTheLimits) {
  TwoObjectives two;
  const auto frontier = frontier_of(two.run());
  ASSERT_TRUE(frontier);
  EXPECT_TRUE(frontier->meets_limits);
  EXPECT_THAT(numbers(frontier->points), ElementsAre(1, 4)) << "by the first objective, best first";
  EXPECT_THAT(numbers(frontier->others), ElementsAre(0));
}

TEST(Frontier, HypervolumeIsHeldAgainstTheWorstOfEach) {
  TwoObjectives two;
  const auto frontier = frontier_of(two.run());
  EXPECT_DOUBLE_EQ(frontier->worst.at("mean_total_throughput"), 50);
  EXPECT_DOUBLE_EQ(frontier->worst.at("p90_ttft"), 0.8);
  // #1 dominates 25 tokens/s x 0.1 s; #4 stands on the edge.
  EXPECT_NEAR(*frontier->hypervolume, 25 * 0.1, 1e-9);
  EXPECT_NEAR(*frontier->hypervolume_share, 25 * 0.1 / (25 * 0.5), 1e-9);
}

TEST(Frontier, SaysWhenNothingKeepsTheLimits) {
  TwoObjectives two;
  two.run().task.goal.slo.limits[0].threshold = 0.1;
  two.rescore();
  const auto frontier = frontier_of(two.run());
  ASSERT_TRUE(frontier);
  EXPECT_FALSE(frontier->meets_limits);
  EXPECT_THAT(numbers(frontier->points), ElementsAre(2, 1, 4));
  EXPECT_THAT(sentence(two.run(), *frontier, std::nullopt), HasSubstr("none keeps the limits"));
}

TEST(Frontier, OneTrialHasNoVolume) {
  TwoObjectives two;
  two.run().experiments.resize(1);
  const auto frontier = frontier_of(two.run());
  ASSERT_TRUE(frontier);
  EXPECT_FALSE(frontier->hypervolume);
  EXPECT_THAT(sentence(two.run(), *frontier, 0), HasSubstr("one configuration is best in all"));
}

TEST(Frontier, IsInEveryOutput) {
  TwoObjectives two;
  const auto result = answer(two.run());
  const auto text = verdict_text(two.run(), result, {});
  EXPECT_THAT(text, HasSubstr("Frontier of Total throughput, P90 TTFT: 2 configurations"));
  EXPECT_THAT(text, HasSubstr("#1 is on it"));
  EXPECT_THAT(text, HasSubstr("#4: Total throughput 50 tokens/s, P90 TTFT 300 ms"));
  const auto json = summary(two.run(), result)["pareto"];
  ASSERT_EQ(json["points"].size(), 2U);
  EXPECT_EQ(json["points"][1]["experiment_id"], 4);
  EXPECT_EQ(json["points"][1]["metrics"]["p90_ttft"], 0.3);
  EXPECT_EQ(json["objectives"][1]["direction"], "min");
  EXPECT_THAT(html(two.run(), result), HasSubstr("Frontier of the objectives"));
}

TEST(Frontier, IsNotThereForOneObjective) {
  test::FinishedRun finished;
  const auto result = answer(finished.run());
  EXPECT_FALSE(result.frontier);
  EXPECT_TRUE(summary(finished.run(), result)["pareto"].is_null());
  EXPECT_THAT(html(finished.run(), result), Not(HasSubstr("Frontier of the objectives")));
}

}  // namespace
}  // namespace autotuner::report
