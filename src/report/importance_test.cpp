#include "report/importance.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/answer.hpp"
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
  const auto page = html(finished.run(), result);
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
}

}  // namespace
}  // namespace autotuner::report
