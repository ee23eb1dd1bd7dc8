#include "report/race.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/charts.hpp"
#include "report/summary.hpp"
#include "tests/support/finished_run.hpp"

namespace autotuner::report {
namespace {

/// The finished run with a race of #1 against the defaults, a pair of tokens/s a round.
class RacedRun {
 public:
  explicit RacedRun(const std::vector<std::pair<double, double>>& rounds) {
    auto& run = finished_.run();
    run.task.running.race = spec::RaceWish{.candidates = 2, .rounds = 5};
    for (const auto& [first, defaults] : rounds) {
      add(1, first);
      add(0, defaults);
    }
  }
  tuning::Run& run() { return finished_.run(); }

 private:
  void add(int of, double throughput) {
    auto& rows = finished_.run().experiments;
    finished_.measured(rows.back().number + 1, tuning::find(finished_.run(), of)->flags, throughput, 0.7);
    rows.back().repeat_of = of;
    rows.back().phase_of_search = tuning::race_phase;
  }
  test::FinishedRun finished_;
};

TEST(RaceReport, SaysHowSureTheWinnerIsAndShowsTheMeansOfTheRace) {
  RacedRun raced({{66, 60}, {66, 61}, {66, 59}});
  const auto result = answer(raced.run());
  ASSERT_TRUE(result.best);
  EXPECT_EQ(result.best->number, 1);
  EXPECT_EQ(result.best->value, 66) << "its 75 of the search was luck";
  EXPECT_NE(result.sentence.find("Ship #1: 66 tokens/s"), std::string::npos) << result.sentence;
  EXPECT_NE(result.sentence.find("+10 % over engine defaults"), std::string::npos) << result.sentence;
  EXPECT_TRUE(result.confidence.starts_with(
      "raced 3 rounds against the defaults: ahead of the defaults in 3 of 3, by 10.0 % (95 % "))
      << result.confidence;
  EXPECT_NE(result.confidence.find("; mean of 3 race runs, 95 % between 64.36 tokens/s and 67.64 tokens/s"),
            std::string::npos)
      << result.confidence;
}

TEST(RaceReport, AdmitsWhatWasNotShown) {
  RacedRun raced({{67, 65}, {64, 66}, {68, 63}, {66, 66}, {67, 66}});
  const auto result = answer(raced.run());
  EXPECT_TRUE(
      result.confidence.starts_with("raced 5 rounds against the defaults: not shown to be better than the "
                                    "defaults (difference 1.8 %, 95 % -"))
      << result.confidence;
  EXPECT_EQ(result.choice.equivalent, std::vector{0});
}

TEST(RaceReport, KeepsTheDefaultsWhereTheLeadIsNotWorthAChange) {
  RacedRun raced({{66, 65}, {64, 66}, {66, 63}, {65, 66}, {67, 66}});
  const auto result = answer(raced.run());
  ASSERT_TRUE(result.best);
  EXPECT_EQ(result.best->number, 0);
  EXPECT_NE(result.sentence.find("nothing tried beat them"), std::string::npos) << result.sentence;
  EXPECT_TRUE(result.confidence.starts_with(
      "raced 5 rounds against #1: #1 led by so little (difference 0.6 %, 95 % -"))
      << result.confidence;
  EXPECT_EQ(result.choice.equivalent, std::vector{1});
}

TEST(RaceReport, SaysOfAnInterruptedRaceHowFarItCame) {
  RacedRun raced({{66, 60}});
  const auto result = answer(raced.run());
  EXPECT_TRUE(
      result.confidence.starts_with("raced 1 of 5 rounds against the defaults: not shown to be better "
                                    "than the defaults (difference 10.0 %)"))
      << result.confidence;
}

TEST(RaceReport, WritesTheRaceIntoTheSummary) {
  RacedRun raced({{66, 60}, {66, 61}, {66, 59}});
  const auto race = summary(raced.run(), answer(raced.run()))["analysis"]["race"];
  EXPECT_EQ(race["planned_rounds"], 5);
  EXPECT_EQ(race["rounds"], 3);
  EXPECT_EQ(race["decided"], true);
  ASSERT_EQ(race["entrants"].size(), 2U);
  EXPECT_EQ(race["entrants"][0]["experiment_id"], 1);
  EXPECT_EQ(race["entrants"][0]["rows"], base::Json({4, 6, 8}));
  EXPECT_EQ(race["entrants"][0]["state"], "in");
  EXPECT_TRUE(race["entrants"][0]["gap"].is_null());
  EXPECT_EQ(race["entrants"][1]["state"], "slower");
  EXPECT_EQ(race["entrants"][1]["left_after"], 3);
  EXPECT_EQ(race["entrants"][1]["gap"]["ahead"], 3);
  EXPECT_NEAR(race["entrants"][1]["gap"]["behind"].get<double>(), 0.1, 0.001);
  test::FinishedRun without;
  EXPECT_TRUE(summary(without.run(), answer(without.run()))["analysis"]["race"].is_null());
}

TEST(RaceReport, DrawsALineForEachEntrant) {
  RacedRun raced({{66, 60}, {66, 61}, {65, 59}});
  const auto figure = race_figure(raced.run(), answer(raced.run()));
  EXPECT_NE(figure.find("Final race"), std::string::npos);
  EXPECT_NE(figure.find(">defaults</text>"), std::string::npos) << figure;
  EXPECT_NE(figure.find("out after round 3"), std::string::npos);
  EXPECT_NE(figure.find("race-interval"), std::string::npos);
  EXPECT_NE(figure.find("#1, round 2 (trial 6)"), std::string::npos);
  test::FinishedRun without;
  EXPECT_EQ(race_figure(without.run(), answer(without.run())), "");
}

}  // namespace
}  // namespace autotuner::report
