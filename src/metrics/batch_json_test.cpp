#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "metrics/batch.hpp"
#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;
using base::Json;

Json parsed(const std::string& text) {
  return *base::parse_json(text);
}

Batch measured() {
  auto first = closed_loop(2, 20, 0.5);
  first.records.push_back(failed(9, 9.1, 503));
  first.client.stolen = 0.03;
  first.client.foreign_cpu = 0.25;
  const std::vector<load::LevelRun> passes{first, closed_loop(2, 20, 0.6)};
  BatchContext context;
  context.scenario = "D(100,11)";
  context.level.concurrency = 2;
  context.limits.ttft = 0.11;
  auto batch = make_batch(passes, context);
  batch.slo = SloVerdict::missed;
  return batch;
}

TEST(BatchJson, ReadsBackWhatItWrote) {
  const auto batch = measured();
  const auto again = batch_from_json(parsed(base::to_compact_text(to_json(batch))));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, batch);
  EXPECT_EQ(to_json(*again), to_json(batch));
}

TEST(BatchJson, ReadsBackAnOpenLoopAndAnEmptyBatch) {
  Batch batch;
  batch.scenario = "dataset";
  batch.request_rate = 4.5;
  batch.num_concurrency = 12;
  batch.audit = {Trust::invalid,
                 {{Trust::invalid, "1 responses are unaccounted for"}, {Trust::valid, "a note"}}};
  batch.stopped = "deadline";
  batch.tokens_estimated = true;
  EXPECT_EQ(batch_from_json(to_json(batch)).value(), batch);
  EXPECT_EQ(to_json(batch)["iteration_type"], "request_rate");
  EXPECT_EQ(to_json(batch)["audit"]["reasons"], Json::array({"1 responses are unaccounted for"}));
  batch.has_throughput = false;
  EXPECT_EQ(batch_from_json(to_json(batch)).value(), batch);
}

TEST(BatchJson, UsesGenaiBenchsKeys) {
  const auto json = to_json(measured());
  for (const auto* const key :
       {"scenario", "num_concurrency", "batch_size", "iteration_type", "run_duration",
        "mean_output_throughput_tokens_per_s", "mean_input_throughput_tokens_per_s",
        "mean_total_tokens_throughput_tokens_per_s", "requests_per_second", "error_codes_frequency",
        "error_rate", "num_error_requests", "num_completed_requests", "num_requests", "stats"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_NEAR(json["error_rate"].get<double>(), 1.0 / 81, 1e-12);
  EXPECT_EQ(json["error_codes_frequency"], parsed(R"({"503":1})"));
  EXPECT_EQ(json["slo"], "missed");
  EXPECT_EQ(json["audit"]["valid"], true);
  EXPECT_EQ(json["audit"]["trust"], "noisy");
  EXPECT_EQ(json["repeats"].size(), 2U);
}

TEST(BatchJson, WritesNullsForAMetricWithoutValues) {
  const auto json = to_json(Batch{});
  EXPECT_TRUE(json["stats"]["tpot"]["p99"].is_null());
  EXPECT_TRUE(json["goodput"].is_null());
}

TEST(BatchJson, NeverHoldsInfinity) {
  Batch batch;
  batch.mean_total_throughput = std::numeric_limits<double>::infinity();
  batch.goodput = std::numeric_limits<double>::quiet_NaN();
  batch.stats["ttft"] = flat(std::numeric_limits<double>::infinity());
  EXPECT_THAT(base::to_compact_text(to_json(batch)), ::testing::Not(::testing::HasSubstr(":inf")));
  EXPECT_TRUE(to_json(batch)["mean_total_tokens_throughput_tokens_per_s"].is_null());
  EXPECT_TRUE(to_json(batch)["stats"]["ttft"]["p90"].is_null());
}

TEST(GenaiReader, ConvertsMilliseconds) {
  const auto batch = batch_from_json(parsed(R"json({
    "aggregated_metrics": {"scenario": "D(100,100)", "num_concurrency": 4.0, "run_duration": 9.5,
      "mean_output_throughput_tokens_per_s": 100.0, "mean_input_throughput_tokens_per_s": 50.0,
      "mean_total_tokens_throughput_tokens_per_s": 150.0, "mean_total_chars_per_hour": 1.0,
      "requests_per_second": 2.0, "error_codes_frequency": {"503": 2}, "error_rate": 0.0, "num_error_requests": 2,
      "num_completed_requests": 18, "num_requests": 20, "total_arrivals": null,
      "stats": {"ttft": {"mean": 250.0, "p90": 400.0, "min": 1, "max": 2, "stddev": 3, "sum": 4, "p25": 5, "p50": 6,
                         "p75": 7, "p95": 8, "p99": 9},
                "tpot": {"mean": 20.0}, "e2e_latency": {"mean": 2000.0}, "output_latency": {"mean": 1750.0},
                "output_inference_speed": {"mean": 50.0}, "audio_throughput": {"mean": null}}},
    "individual_request_metrics": [], "_time_unit": "ms"})json"));
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->num_concurrency, 4);
  EXPECT_DOUBLE_EQ(*batch->stat("ttft", "mean"), 0.25);
  EXPECT_DOUBLE_EQ(*batch->stat("ttft", "p90"), 0.4);
  EXPECT_DOUBLE_EQ(*batch->stat("tpot", "mean"), 0.02);
  EXPECT_DOUBLE_EQ(*batch->stat("e2e_latency", "mean"), 2);
  EXPECT_DOUBLE_EQ(*batch->stat("output_latency", "mean"), 1.75);
  EXPECT_DOUBLE_EQ(*batch->stat("output_inference_speed", "mean"), 50);
  EXPECT_FALSE(batch->stat("tpot", "p90")) << "a percentile that the file lacks";
  EXPECT_FALSE(batch->stat("audio_throughput", "mean"));
  EXPECT_DOUBLE_EQ(batch->success_rate(), 0.9);
  EXPECT_EQ(batch->error_codes.at(503), 2);
  EXPECT_TRUE(to_json(*batch)["stats"]["tpot"]["p90"].is_null());
}

TEST(GenaiReader, ReadsOlderVersions) {
  const auto batch = batch_from_json(parsed(R"json({"scenario": "N(480,240)/(300,150)", "num_concurrency": 1,
    "run_duration": 10, "requests_per_minute": 90, "num_completed_requests": 15, "num_error_requests": 1})json"));
  ASSERT_TRUE(batch.has_value());
  EXPECT_DOUBLE_EQ(batch->requests_per_second, 1.5);
  EXPECT_EQ(batch->num_requests, 16);
  EXPECT_FALSE(batch->has_throughput);
  EXPECT_TRUE(batch->stats.empty());
  EXPECT_EQ(batch->audit.trust, Trust::valid);
}

TEST(GenaiReader, AddsATotalThatIsMissing) {
  const auto batch =
      batch_from_json(parsed(R"json({"scenario": "D(1,2)", "num_concurrency": 1, "run_duration": 10,
    "mean_output_throughput_tokens_per_s": 40, "mean_input_throughput_tokens_per_s": 2, "num_completed_requests": 5})json"));
  ASSERT_TRUE(batch.has_value());
  EXPECT_DOUBLE_EQ(batch->mean_total_throughput, 42);
  EXPECT_DOUBLE_EQ(batch->requests_per_second, 0.5);
}

TEST(GenaiReader, PassesOverPartsOfTheWrongType) {
  const auto batch =
      batch_from_json(parsed(R"json({"scenario": "D(1,2)", "num_concurrency": 1e300, "stats": [1],
    "ci95": {"a": [1], "b": [1, null], "c": [1, 2]}, "error_codes_frequency": {"x": 1, "500": null, "99999999999": 1},
    "audit": {"valid": false}, "repeats": 7})json"));
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->num_concurrency, 0);
  EXPECT_EQ(batch->ci95.size(), 1U);
  EXPECT_TRUE(batch->error_codes.empty());
  EXPECT_EQ(batch->audit.trust, Trust::invalid);
}

TEST(GenaiReader, RefusesWhatIsNoBatch) {
  EXPECT_EQ(batch_from_json(parsed("[]")).error().message, "batch result is array; must be an object");
  EXPECT_EQ(batch_from_json(parsed("{}")).error().message,
            "batch result has no scenario; must be a text such as D(100,100)");
  EXPECT_EQ(batch_from_json(parsed(R"json({"scenario": "D(1,2)"})json")).error().message,
            "batch result of D(1,2) has neither num_concurrency nor request_rate");
  EXPECT_FALSE(batch_from_json(parsed(R"({"aggregated_metrics": 3})")).has_value());
}

TEST(GenaiWriter, WritesADocumentThatGenaiBenchReads) {
  const std::vector<load::LevelRun> passes{
      run_of({answered({}), answered({.output = 1}), failed(2, 2.1, 503), waiting(3)}, 4)};
  const auto document = to_genai_document(measured(), passes);
  EXPECT_EQ(document["_time_unit"], "s");
  const auto& requests = document["individual_request_metrics"];
  ASSERT_EQ(requests.size(), 3U) << "unfinished requests have no figures";
  EXPECT_NEAR(requests[0]["ttft"].get<double>(), 0.2, 1e-9);
  EXPECT_TRUE(requests[0]["num_output_tokens"].is_number_integer());
  EXPECT_EQ(requests[0]["chunks"], 101);
  EXPECT_EQ(requests[0]["itl"].size(), 100U);
  EXPECT_TRUE(requests[0]["error_code"].is_null());
  EXPECT_FALSE(requests[1].contains("tpot"));
  EXPECT_EQ(requests[2]["error_code"], 503);
  EXPECT_EQ(requests[2]["error_message"], "refused");
  EXPECT_EQ(batch_from_json(document).value(), measured());
}

TEST(BatchFileName, NamesScenarioTaskLevelAndTime) {
  auto batch = batch_at(4, 100, 1);
  batch.run_duration = 9.97;
  EXPECT_EQ(batch_file_name(batch, "text-to-text"), "D100_100_text-to-text_num_concurrency_4_time_9s.json");
  batch.scenario = "N(480,240)/(300,150)";
  batch.request_rate = 4.5;
  EXPECT_EQ(batch_file_name(batch, "text-to-text"),
            "N480_240_300_150_text-to-text_request_rate_4.5_time_9s.json");
}

TEST(BatchFileName, IsToldFromOtherFiles) {
  for (const auto* const name : {"D100_100_text-to-text_num_concurrency_4_time_9s.json",
                                 "N480_240_300_150_text-to-text_num_concurrency_64_time_600s.json",
                                 "E100_text-to-embeddings_batch_size_8_time_1s.json",
                                 "dataset_text-to-text_request_rate_4.5_time_9s.json"}) {
    EXPECT_TRUE(is_batch_file_name(name)) << name;
  }
  for (const auto* const name : {"experiment_metadata.json", "debug_for_run_D100_100_4.json",
                                 "D100_100_text-to-text_num_concurrency_4_time_9s.csv", "summary.xlsx", "",
                                 "D100_100_text-to-text_num_concurrency_x_time_9s.json"}) {
    EXPECT_FALSE(is_batch_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace autotuner::metrics
