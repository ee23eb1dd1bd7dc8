#include "metrics/aggregate.hpp"

#include <array>
#include <limits>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;

/// Levels 1 and 8 with known figures.
std::vector<Batch> pair() {
  const auto make = [](int level, std::array<double, 4> e2e, double ttft, double tpot, double output,
                       std::array<int, 3> counts) {
    auto batch = batch_at(level, output * 2, e2e[2]);
    batch.stats["e2e_latency"].mean = e2e[0];
    batch.stats["e2e_latency"].p50 = e2e[1];
    batch.stats["e2e_latency"].p99 = e2e[3];
    batch.stats["ttft"] = flat(ttft);
    batch.stats["tpot"] = flat(tpot);
    batch.num_requests = counts[0];
    batch.num_completed_requests = counts[1];
    batch.num_error_requests = counts[2];
    return batch;
  };
  return {make(1, {1.0, 0.9, 1.2, 1.5}, 0.05, 0.010, 100, {50, 50, 0}),
          make(8, {2.0, 1.9, 2.6, 3.5}, 0.25, 0.020, 600, {60, 57, 3})};
}

TEST(Aggregate, AveragesOverBatches) {
  const auto metrics = aggregate(pair(), {}, {}, 2);
  const std::map<std::string, double> expected{{"mean_e2e_latency", 1.5},
                                               {"min_e2e_latency", 1.0},
                                               {"max_e2e_latency", 2.0},
                                               {"p50_e2e_latency", 1.4},
                                               {"p90_e2e_latency", 1.9},
                                               {"p99_e2e_latency", 2.5},
                                               {"mean_ttft", 0.15},
                                               {"mean_tpot", 0.015},
                                               {"mean_output_throughput", 350},
                                               {"max_output_throughput", 600},
                                               {"mean_total_throughput", 700},
                                               {"max_total_throughput", 1200},
                                               {"total_requests", 110},
                                               {"total_completed_requests", 107},
                                               {"total_error_requests", 3},
                                               {"success_rate", 107.0 / 110},
                                               {"mean_output_throughput_per_gpu", 175},
                                               {"max_output_throughput_per_gpu", 300},
                                               {"mean_total_throughput_per_gpu", 350},
                                               {"max_total_throughput_per_gpu", 600}};
  for (const auto& [name, value] : expected) {
    ASSERT_TRUE(metrics.value(name)) << name;
    EXPECT_NEAR(*metrics.value(name), value, 1e-9) << name;
  }
  EXPECT_FALSE(metrics.value("goodput"));
  EXPECT_FALSE(metrics.value("compliant_fraction"));
  EXPECT_FALSE(metrics.partial);
  EXPECT_FALSE(metrics.value("elapsed_time"));
}

TEST(Aggregate, HasNoPerGpuValuesWithoutGpus) {
  EXPECT_FALSE(aggregate(pair(), {}, {}, 0).value("mean_total_throughput_per_gpu"));
}

TEST(Aggregate, LeavesABatchOutOfTheOneMeanThatItLacks) {
  auto batches = pair();
  batches[1].has_throughput = false;
  batches[1].stats["e2e_latency"].p99 = std::numeric_limits<double>::quiet_NaN();
  batches[0].goodput = 4;
  const auto metrics = aggregate(batches, {}, {}, 2);
  EXPECT_EQ(metrics.value("mean_total_throughput"), 200);
  EXPECT_EQ(metrics.value("p99_e2e_latency"), 1.5);
  EXPECT_EQ(metrics.value("mean_e2e_latency"), 1.5);
  EXPECT_EQ(metrics.value("goodput"), 4);
  EXPECT_EQ(metrics.value("goodput_per_gpu"), 2);
}

TEST(Aggregate, OfNothingHasNoSuccessRate) {
  const auto metrics =
      aggregate({}, {{"D(1,2)", {.concurrency = 1}, "no answer"}}, slo_of({limit("ttft", 1)}), 1);
  EXPECT_FALSE(metrics.value("success_rate"));
  EXPECT_EQ(metrics.value("total_requests"), 0);
  EXPECT_TRUE(metrics.partial);
  EXPECT_FALSE(metrics.compliant_fraction);
}

TEST(BatchFilter, DropsBatchesThatBreakAHardLimit) {
  const auto metrics = aggregate(pair(), {}, slo_of({hard("latency.p90", 2.0, 0.2)}), 0);
  EXPECT_EQ(metrics.value("mean_e2e_latency"), 1.0);
  EXPECT_EQ(metrics.value("mean_total_throughput"), 200);
  EXPECT_EQ(metrics.value("total_requests"), 50);
  ASSERT_EQ(metrics.kept.size(), 1U);
  EXPECT_EQ(metrics.kept[0].slo, SloVerdict::met);
  ASSERT_EQ(metrics.dropped.size(), 1U);
  EXPECT_EQ(metrics.dropped[0].batch.slo, SloVerdict::violated);
  EXPECT_THAT(
      metrics.dropped[0].reasons,
      ::testing::ElementsAre("P90 E2E latency 2.6 s is 30 % over the limit of 2 s, at most 20 % allowed"));
  EXPECT_EQ(metrics.value("compliant_fraction"), 0.5);
  EXPECT_EQ(metrics.value("max_compliant_concurrency"), 1);
  EXPECT_EQ(to_json(metrics)["concurrency_levels"], base::Json::array({1}));
}

TEST(BatchFilter, KeepsAllWhenNoneComplies) {
  const auto metrics = aggregate(pair(), {}, slo_of({hard("latency.p90", 1.0, 0.1)}), 0);
  EXPECT_EQ(metrics.kept.size(), 2U);
  EXPECT_EQ(metrics.compliant_fraction, 0);
  EXPECT_FALSE(metrics.max_compliant_concurrency);
}

TEST(BatchFilter, KeepsAllWhenToldTo) {
  auto slo = slo_of({hard("latency.p90", 2.0, 0.2)});
  slo.batch_policy = BatchPolicy::keep;
  const auto metrics = aggregate(pair(), {}, slo, 0);
  EXPECT_EQ(metrics.kept.size(), 2U);
  EXPECT_EQ(metrics.compliant_fraction, 0.5);
}

TEST(BatchFilter, ScoresTheLargestCompliantLevel) {
  auto slo = slo_of({hard("latency.p90", 2.0, 0.2)});
  slo.batch_policy = BatchPolicy::max_compliant;
  const std::vector<Batch> batches{batch_at(16, 900, 1.0), batch_at(1, 100, 1.0), batch_at(4, 300, 2.1),
                                   batch_at(8, 600, 9)};
  const auto metrics = aggregate(batches, {}, slo, 0);
  EXPECT_EQ(metrics.max_compliant_concurrency, 4) << "16 complies, but 8 below it doesn't";
  ASSERT_EQ(metrics.kept.size(), 1U);
  EXPECT_EQ(metrics.kept[0].num_concurrency, 4);
  ASSERT_EQ(metrics.dropped.size(), 3U);
  EXPECT_THAT(metrics.dropped[0].reasons,
              ::testing::ElementsAre("only the largest compliant concurrency, 4, is scored"));
  EXPECT_THAT(metrics.dropped[1].reasons.at(0), ::testing::HasSubstr("over the limit of 2 s"));
  const auto interrupted =
      aggregate(batches, {{"D(9,9)", {.concurrency = 4}, "all requests failed"}}, slo, 0);
  EXPECT_EQ(interrupted.max_compliant_concurrency, 1);
  const auto none = aggregate({batch_at(1, 100, 9)}, {}, slo, 0);
  EXPECT_EQ(none.kept.size(), 1U);
  EXPECT_FALSE(none.max_compliant_concurrency);
}

TEST(Metrics, ListsPointsByScenarioThenLevel) {
  auto open = batch_at(3, 50, 1, "D(9,9)");
  open.request_rate = 0.5;
  const auto metrics = aggregate({batch_at(8, 1, 9, "N(4,1)/(4,1)"), open, batch_at(4, 1, 1, "N(4,1)/(4,1)"),
                                  batch_at(2, 1, 1, "D(9,9)")},
                                 {}, slo_of({hard("latency.p90", 2.0, 0.2)}), 0);
  std::vector<std::string> points;
  for (const auto* point : metrics.points()) points.push_back(to_text_of_point(*point));
  EXPECT_THAT(points, ::testing::ElementsAre("N(4,1)/(4,1) at concurrency 4", "N(4,1)/(4,1) at concurrency 8",
                                             "D(9,9) at concurrency 2", "D(9,9) at 0.5 requests/s"));
}

TEST(Metrics, NameABestPointPerScenario) {
  const auto metrics = aggregate({batch_at(4, 300, 1), batch_at(8, 500, 3), batch_at(2, 9, 9, "D(9,9)")}, {},
                                 slo_of({limit("latency.p90", 2)}), 0);
  EXPECT_THAT(metrics.best_points, ::testing::ElementsAre(OperatingPoint{"D(100,100)", {.concurrency = 4}},
                                                          OperatingPoint{"D(9,9)", {.concurrency = 2}}));
}

TEST(Metrics, TakeTheWorstAudit) {
  auto batches = pair();
  batches[0].audit = {Trust::noisy, {{Trust::valid, "a note"}, {Trust::noisy, "loop late"}}};
  batches[1].audit = {Trust::invalid, {{Trust::invalid, "lost"}}};
  const auto audit = aggregate(batches, {}, {}, 0).audit();
  EXPECT_EQ(audit.trust, Trust::invalid);
  ASSERT_EQ(audit.findings.size(), 3U);
  EXPECT_EQ(audit.findings[0].text, "D(100,100) at concurrency 8: lost");
  EXPECT_EQ(audit.findings[2].trust, Trust::valid);
}

TEST(Metrics, OfAPointAreTheSameKeys) {
  const auto metrics = of_point(pair()[1], 2);
  EXPECT_EQ(metrics.value("mean_total_throughput"), 1200);
  EXPECT_EQ(metrics.value("max_total_throughput"), 1200);
  EXPECT_EQ(metrics.value("mean_total_throughput_per_gpu"), 600);
  EXPECT_EQ(metrics.best_points.at(0), point_of(pair()[1]));
}

TEST(MetricsJson, ReadsBackWhatItWrote) {
  auto batches = pair();
  batches[0].goodput = 2;
  batches[0].audit = {Trust::noisy, {{Trust::noisy, "loop late"}}};
  batches.push_back(batch_at(9, 70, 1, "D(9,9)"));
  batches.back().request_rate = 1.5;
  auto metrics = aggregate(batches,
                           {{"D(9,9)", {.concurrency = 32}, "all requests failed"},
                            {"D(9,9)", {.concurrency = 5, .request_rate = 9}, "x"}},
                           slo_of({hard("latency.p90", 2.0, 0.2)}), 2);
  metrics.client_warning = "answers are short";
  metrics.benchmark_name = "demo-exp3";
  metrics.elapsed_time = 61.5;
  metrics.simulated = true;
  const auto text = base::to_compact_text(to_json(metrics));
  const auto again = metrics_from_json(*base::parse_json(text));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, metrics);
  EXPECT_EQ(again->value("elapsed_time"), 61.5);
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr(":inf")));
}

TEST(MetricsJson, HasTheKeysOfAResult) {
  const auto json = to_json(aggregate(pair(), {}, slo_of({hard("latency.p90", 2.0, 0.2)}), 2));
  EXPECT_EQ(json["total_requests"].dump(), "50");
  EXPECT_EQ(json["num_result_files"], 1);
  EXPECT_EQ(json["raw_results"][0]["mean_total_throughput_per_gpu"], 100);
  EXPECT_EQ(json["dropped_batches"][0]["mean_output_throughput_per_gpu"], 300);
  EXPECT_EQ(json["dropped_batches"][0]["reasons"].size(), 1U);
  EXPECT_EQ(json["failed_batches"].size(), 0U);
  EXPECT_EQ(json["best_points"][0]["num_concurrency"], 1);
  EXPECT_EQ(json["audit"]["valid"], true);
  EXPECT_EQ(json["partial"], false);
  EXPECT_EQ(json["generator"], "native");
  EXPECT_TRUE(json["client_warning"].is_null());
  EXPECT_FALSE(
      to_json(aggregate(pair(), {}, {}, 0))["raw_results"][0].contains("mean_total_throughput_per_gpu"));
}

TEST(MetricsJson, ReadsTheReferences) {
  const auto metrics = metrics_from_json(*base::parse_json(
      R"json({"mean_e2e_latency": 1.5, "mean_ttft": null, "num_result_files": 1, "benchmark_name": "t-exp1",
              "objective_score": -3.5, "raw_results": [{"scenario": "D(1,2)", "num_concurrency": 1}],
              "dropped_batches": null})json"));
  ASSERT_TRUE(metrics.has_value());
  EXPECT_EQ(metrics->value("mean_e2e_latency"), 1.5);
  EXPECT_FALSE(metrics->value("mean_ttft"));
  EXPECT_EQ(metrics->kept.size(), 1U);
}

TEST(MetricsJson, NamesWhatHasTheWrongType) {
  const auto reason = [](const char* text) {
    return metrics_from_json(*base::parse_json(text)).error().message;
  };
  EXPECT_EQ(reason("3"), "metrics is number; must be an object");
  EXPECT_EQ(reason(R"({"raw_results": 3})"), "metrics.raw_results is number; must be an array");
  EXPECT_EQ(reason(R"({"best_points": ["x"]})"), "metrics.best_points holds string; must hold objects");
  EXPECT_EQ(reason(R"({"failed_batches": {}})"), "metrics.failed_batches is object; must be an array");
  EXPECT_EQ(reason(R"({"raw_results": [{}]})"),
            "batch result has no scenario; must be a text such as D(100,100)");
  EXPECT_EQ(reason(R"({"dropped_batches": [{}]})"),
            "batch result has no scenario; must be a text such as D(100,100)");
}

}  // namespace
}  // namespace autotuner::metrics
