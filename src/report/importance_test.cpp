#include "report/importance.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/answer.hpp"
#include "report/effects.hpp"
#include "report/html.hpp"
#include "report/summary.hpp"
#include "report/terminal.hpp"
#include "tests/support/finished_run.hpp"

namespace autotuner::report {
namespace {

using test::FinishedRun;

/// Twelve more trials: threads decide the throughput, the batch size nothing.
void tune(FinishedRun& finished) {
  auto& run = finished.run();
  run.task.space.parameters = {{"threads", space::Choices{{1, 2, 4}}},
                               {"ubatch-size", space::Choices{{128, 256, 512}}}};
  run.experiments.resize(1);
  int number = 0;
  for (const int threads : {1, 2, 4}) {
    for (const int batch : {128, 256, 512, 128}) {
      ++number;
      if (number % 4 == 0 && threads == 4) continue;
      finished.measured(number, {{"threads", threads}, {"ubatch-size", batch}}, 30.0 * threads,
                        0.9 - 0.1 * threads);
    }
  }
}

TEST(ReportedImportance, SaysWhatMatteredInWordsJsonAndThePage) {
  FinishedRun finished;
  tune(finished);
  const auto result = answer(finished.run());
  ASSERT_EQ(result.importance.size(), 2U);
  EXPECT_TRUE(result.importance[0].is_objective);
  EXPECT_EQ(result.importance[0].importance.trials, 11U);
  EXPECT_EQ(result.importance[1].metric, "p90_ttft");
  const auto text = verdict_text(finished.run(), result, {});
  EXPECT_NE(text.find("What mattered for "), std::string::npos) << text;
  EXPECT_NE(
      text.find("threads 100 % of the variation (main effects of a functional ANOVA over a forest of 64 "
                "regression trees, 11 trials)"),
      std::string::npos)
      << text;
  const auto analysis = summary(finished.run(), result)["analysis"];
  ASSERT_EQ(analysis["importance"].size(), 2U);
  EXPECT_GT(analysis["importance"][0]["parameters"]["threads"].get<double>(), 0.95);
  EXPECT_LT(analysis["importance"][0]["parameters"]["ubatch-size"].get<double>(), 0.05);
  EXPECT_NE(text.find("By value (mean prediction of 64 trees with this parameter set to the value, all other "
                      "parameters as in the trials): threads best at 4 ("),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("), worst at 1 ("), std::string::npos) << text;
  EXPECT_EQ(text.find("ubatch-size best"), std::string::npos) << "it explains nothing";
  const auto levels = analysis["importance"][0]["levels"]["threads"];
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[0]["value"], "1");
  EXPECT_NEAR(levels[0]["mean"].get<double>(), 30, 8);
  EXPECT_NEAR(levels[2]["mean"].get<double>(), 120, 8);
  EXPECT_GE(levels[1]["deviation"].get<double>(), 0);
  const auto page = html(finished.run(), result);
  EXPECT_NE(page.find(" by threads</h3><svg"), std::string::npos);
  EXPECT_EQ(page.find(" by ubatch-size</h3><svg"), std::string::npos);
  EXPECT_NE(page.find("<h3>What mattered</h3>"), std::string::npos);
  EXPECT_NE(page.find("functional ANOVA"), std::string::npos);
}

TEST(ReportedImportance, IsNotShownForFewerThanTenSuccesses) {
  FinishedRun finished;
  const auto result = answer(finished.run());
  EXPECT_TRUE(result.importance.empty());
  EXPECT_EQ(html(finished.run(), result).find("What mattered"), std::string::npos);
  EXPECT_TRUE(summary(finished.run(), result)["analysis"]["importance"].empty());
}

TEST(ReportedImportance, WarnsWhereParametersMovedTogether) {
  FinishedRun finished;
  tune(finished);
  for (auto& experiment : finished.run().experiments) {
    const auto* threads = experiment.parameters.find("threads");
    if (threads != nullptr)
      experiment.parameters.set("ubatch-size", space::Value(*threads == space::Value(1)   ? 128
                                                            : *threads == space::Value(2) ? 256
                                                                                          : 512));
  }
  const auto sentences = importance_sentences(answer(finished.run()).importance);
  ASSERT_FALSE(sentences.empty());
  EXPECT_NE(sentences[0].find(
                "caution, varied together, their effects can't be told apart: threads and ubatch-size "
                "(Spearman 1.00)"),
            std::string::npos)
      << sentences[0];
  const auto page = html(finished.run(), answer(finished.run()));
  EXPECT_NE(page.find(" by threads ⚠</h3><svg"), std::string::npos);
  EXPECT_NE(page.find("⚠ Varied together with ubatch-size (Spearman 1.00)"), std::string::npos);
}

TEST(ReportedImportance, SaysTheLowestLatencyIsTheBest) {
  FinishedRun finished;
  tune(finished);
  const auto sentences = importance_sentences(answer(finished.run()).importance);
  ASSERT_EQ(sentences.size(), 4U);
  EXPECT_NE(sentences[2].find("What mattered for P90 TTFT"), std::string::npos) << sentences[2];
  EXPECT_NE(sentences[3].find("By value: threads best at 4 ("), std::string::npos) << "the method once";
}

TEST(ReportedImportance, DrawsAtMostSixPlots) {
  FinishedRun finished;
  auto& run = finished.run();
  run.task.space.parameters.clear();
  run.experiments.resize(1);
  for (const auto* name : {"a", "b", "c", "d"})
    run.task.space.parameters.push_back({name, space::Choices{{0, 1}}});
  for (int number = 1; number <= 16; ++number) {
    space::Point point;
    double sum = 10;
    for (int bit = 0; bit < 4; ++bit) {
      const int on = ((number - 1) >> bit) & 1;
      point.set(run.task.space.parameters[static_cast<std::size_t>(bit)].name, on);
      sum += 10 * on;
    }
    finished.measured(number, point, sum, 1 / sum);
  }
  const auto figures = effect_figures(answer(run).importance);
  std::size_t count = 0;
  for (auto at = figures.find("<svg"); at != std::string::npos; at = figures.find("<svg", at + 1)) ++count;
  EXPECT_EQ(count, 6U) << "four parameters matter for each of two metrics";
}

TEST(ReportedImportance, ShowsNoValueOfASecret) {
  FinishedRun finished;
  tune(finished);
  auto& run = finished.run();
  run.task.space.parameters.push_back({"api-key", space::Choices{{"s3cret-a", "s3cret-b"}}});
  int number = 0;
  for (auto& experiment : run.experiments)
    experiment.parameters.set("api-key", ++number % 2 == 0 ? "s3cret-a" : "s3cret-b");
  const auto result = answer(run);
  EXPECT_EQ(summary(run, result)["analysis"].dump().find("s3cret"), std::string::npos);
  EXPECT_EQ(effect_figures(result.importance).find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace autotuner::report
