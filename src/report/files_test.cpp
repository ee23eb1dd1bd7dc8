#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "report/export.hpp"
#include "report/failure_text.hpp"
#include "report/html.hpp"
#include "report/launch.hpp"
#include "report/summary.hpp"
#include "tests/support/finished_run.hpp"

namespace autotuner::report {
namespace {

using test::FinishedRun;

TEST(Launch, GivesAShellCommandOnAPortOfItsOwnWithoutTheTrialsName) {
  FinishedRun finished;
  finished.run().experiments[1].environment_variables["OMP_WAIT_POLICY"] = "passive";
  const auto text = launch_text(finished.run(), 1, LaunchFormat::shell);
  EXPECT_EQ(text,
            "OMP_WAIT_POLICY=passive /usr/bin/llama-server \\\n    --model '/models/tiny model.gguf' \\\n    "
            "--host 127.0.0.1 \\\n"
            "    --port 8080 \\\n    --ctx-size 4096\n");
}

TEST(Launch, KeepsASubcommandAndItsModelBesideTheProgram) {
  FinishedRun finished;
  finished.run().experiments[1].command = {"vllm",   "serve", "org/model",
                                           "--port", "30001", "--enforce-eager"};
  EXPECT_EQ(launch_text(finished.run(), 1, LaunchFormat::shell),
            "vllm serve org/model \\\n    --port 8080 \\\n    --enforce-eager\n");
}

TEST(Launch, QuotesForSystemdAndDoublesItsPercentSigns) {
  FinishedRun finished;
  finished.run().experiments[1].command.back() = "50%";
  const auto text = launch_text(finished.run(), 1, LaunchFormat::systemd);
  EXPECT_NE(text.find("ExecStart=/usr/bin/llama-server --model \"/models/tiny model.gguf\""),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("50%%"), std::string::npos);
}

TEST(Launch, MountsTheModelsFolderIntoAContainer) {
  FinishedRun finished;
  const auto text = launch_text(finished.run(), 1, LaunchFormat::docker);
  EXPECT_NE(text.find("/models:/model:ro"), std::string::npos) << text;
  EXPECT_NE(text.find("'/model/tiny model.gguf'"), std::string::npos) << text;
  EXPECT_EQ(text.find("--gpus"), std::string::npos) << "a CPU engine asks for no GPU";
  const auto compose = launch_text(finished.run(), 1, LaunchFormat::compose);
  EXPECT_NE(compose.find("- \"/model/tiny model.gguf\""), std::string::npos) << compose;
}

TEST(Launch, IsEmptyForAnUnknownExperiment) {
  FinishedRun finished;
  EXPECT_EQ(launch_text(finished.run(), 99, LaunchFormat::shell), "");
}

TEST(Summary, KeepsTheReferencesMembersAndTheBaselineOutOfTheCounts) {
  FinishedRun finished;
  const auto document = summary(finished.run(), answer(finished.run()));
  for (const auto* member :
       {"task_name", "strategy", "total_experiments", "successful_experiments", "elapsed_time", "best_result",
        "all_results", "verdict", "baseline", "stop_reason", "simulated", "best_points", "schema"}) {
    EXPECT_TRUE(document.contains(member)) << member;
  }
  EXPECT_EQ(document["total_experiments"], 3);
  EXPECT_EQ(document["successful_experiments"], 2);
  EXPECT_EQ(document["best_result"]["experiment_id"], 1);
  EXPECT_EQ(document["baseline"]["experiment_id"], 0);
}

TEST(FailureText, ShowsHowTheFirstOfThemWasStartedAndItsLastWords) {
  FinishedRun finished;
  auto& failed = finished.run().experiments[3];
  failed.log_tail = "loading\nggml: failed to allocate <buffer>\n";
  failed.memory_limit_gib = 20.84;
  failed.log_path = "/data/logs/task_1_exp_3.engine.log";
  const auto result = answer(finished.run());
  const auto text = failure_text(finished.run(), result.failures.front());
  EXPECT_NE(text.find("#3 was started as:\n    /usr/bin/llama-server --model"), std::string::npos) << text;
  EXPECT_NE(text.find("under a limit of 20.8 GiB"), std::string::npos) << text;
  EXPECT_NE(text.find("    ggml: failed to allocate <buffer>\n"), std::string::npos) << text;
  EXPECT_NE(html(finished.run(), result).find("ggml: failed to allocate &lt;buffer&gt;"), std::string::npos);
}

TEST(Summary, WritesTheSameDocumentPieceByPiece) {
  FinishedRun finished;
  const auto results = answer(finished.run());
  std::string text;
  write_summary(finished.run(), results, [&](std::string_view piece) { text += piece; });
  EXPECT_EQ(text, base::to_pretty_text(summary(finished.run(), results)) + "\n");
  finished.run().experiments.resize(1);
  text.clear();
  const auto baseline_alone = answer(finished.run());
  write_summary(finished.run(), baseline_alone, [&](std::string_view piece) { text += piece; });
  EXPECT_EQ(text, base::to_pretty_text(summary(finished.run(), baseline_alone)) + "\n");
}

TEST(Export, WritesOneCsvRowPerOperatingPointWithUnitsInTheHeader) {
  FinishedRun finished;
  const auto lines = base::split(export_csv_points(finished.run()), '\n');
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_TRUE(lines[0].starts_with("experiment_id,scenario,num_concurrency,")) << lines[0];
  EXPECT_NE(lines[0].find("mean_ttft [s]"), std::string::npos);
  EXPECT_NE(lines[1].find("\"D(100,100)\""), std::string::npos);
}

TEST(Export, QuotesCellsAndDefusesFormulas) {
  FinishedRun finished;
  finished.run().experiments[3].failure->message = "=cmd(), \"quoted\"";
  const auto csv = export_csv_experiments(finished.run());
  EXPECT_NE(csv.find("\"'=cmd(), \"\"quoted\"\"\""), std::string::npos) << csv;
}

TEST(Export, FixesEveryParameterToTheBestInYaml) {
  FinishedRun finished;
  const auto yaml = export_yaml(finished.run(), answer(finished.run()), true);
  ASSERT_TRUE(yaml);
  EXPECT_NE(yaml->find("threads: [2]"), std::string::npos) << *yaml;
  EXPECT_NE(yaml->find("chat-best"), std::string::npos);
}

TEST(Export, JsonHoldsTaskExperimentsPointsAndAnalysis) {
  FinishedRun finished;
  const auto parsed = base::parse_json(export_json(finished.run(), answer(finished.run())));
  ASSERT_TRUE(parsed);
  EXPECT_EQ((*parsed)["experiments"].size(), 4U);
  EXPECT_EQ((*parsed)["points"].size(), 3U);
  EXPECT_EQ((*parsed)["analysis"]["best"]["experiment_id"], 1);
}

TEST(Html, EscapesForeignTextAndNeedsNoNetwork) {
  FinishedRun finished;
  const auto page = html(finished.run(), answer(finished.run()));
  EXPECT_NE(page.find("failed to allocate &lt;buffer&gt; &amp; died"), std::string::npos);
  EXPECT_EQ(page.find("<buffer>"), std::string::npos);
  for (const auto* outside : {"src=\"http", "href=\"http", "@import", "url("})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  EXPECT_NE(page.find("Ship #1"), std::string::npos);
  EXPECT_NE(page.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(Html, DrawsTheLimitTheChosenPointAndTheFailures) {
  FinishedRun finished;
  const auto page = html(finished.run(), answer(finished.run()));
  EXPECT_NE(page.find("class=\"limit\""), std::string::npos);
  EXPECT_NE(page.find("Throughput against latency"), std::string::npos);
  EXPECT_NE(page.find("mark cross failure"), std::string::npos);
  EXPECT_NE(page.find("mark best"), std::string::npos);
}

TEST(Html, GivesTheWordsOfATrialALineBelowItsFigures) {
  FinishedRun finished;
  finished.run().experiments.back().reason = "model <guess>";
  const auto page = html(finished.run(), answer(finished.run()));
  std::size_t lines = 0;
  for (auto at = page.find("<tr class=\"words"); at != std::string::npos;
       at = page.find("<tr class=\"words", at + 1))
    ++lines;
  EXPECT_EQ(lines, finished.run().experiments.size());
  EXPECT_NE(page.find("Why tried: model &lt;guess&gt;"), std::string::npos);
}

TEST(Html, SaysSimulatedInItsTitleForSimulatedRuns) {
  FinishedRun finished;
  finished.run().task.runtime = engine::RuntimeId::sim;
  const auto page = html(finished.run(), answer(finished.run()));
  EXPECT_NE(page.find("<title>Simulated: chat"), std::string::npos);
}

}  // namespace
}  // namespace autotuner::report
