#include "metrics/request.hpp"

#include <gtest/gtest.h>

#include "metrics/test_builders.hpp"

namespace autotuner::metrics {
namespace {

using namespace testing;

TEST(RequestFigures, FollowTheirDefinitions) {
  const auto figures =
      figures_of(answered({.start = 10, .first = 10.2, .end = 11.2, .input = 100, .output = 101}));
  EXPECT_NEAR(*figures.ttft, 0.2, 1e-9);
  EXPECT_NEAR(*figures.e2e_latency, 1.2, 1e-9);
  EXPECT_NEAR(*figures.output_latency, 1.0, 1e-9);
  EXPECT_NEAR(*figures.tpot, 0.01, 1e-9);
  EXPECT_NEAR(*figures.output_inference_speed, 100, 1e-6);
  EXPECT_NEAR(*figures.output_throughput, 100, 1e-6);
  EXPECT_NEAR(*figures.input_throughput, 500, 1e-6);
  EXPECT_EQ(figures.total_tokens, 201);
  ASSERT_EQ(figures.chunk_gaps.size(), 100U);
  ASSERT_EQ(figures.itl.size(), 100U);
  EXPECT_NEAR(figures.itl[7], 0.01, 1e-9);
}

TEST(RequestFigures, CountFromTheIntendedStart) {
  auto record = answered({.start = 1, .first = 1.2, .end = 2.2});
  record.scheduled = at(0.5);
  const auto figures = figures_of(record);
  EXPECT_NEAR(*figures.ttft, 0.7, 1e-9);
  EXPECT_NEAR(*figures.e2e_latency, 1.7, 1e-9);
  EXPECT_NEAR(*figures.output_latency, 1.0, 1e-9);
}

TEST(RequestFigures, HaveNoSpeedForABurst) {
  const auto burst = figures_of(answered({.first = 0.2, .end = 0.2009}));
  EXPECT_FALSE(burst.tpot);
  EXPECT_FALSE(burst.output_inference_speed);
  EXPECT_TRUE(burst.output_throughput);
  EXPECT_TRUE(figures_of(answered({.first = 0.2, .end = 0.201})).tpot);
  EXPECT_FALSE(figures_of(answered({.first = 0.2, .end = 0.2})).output_throughput);
}

TEST(RequestFigures, HaveNoTimePerTokenForOneToken) {
  const auto figures = figures_of(answered({.output = 1}));
  EXPECT_FALSE(figures.tpot);
  EXPECT_FALSE(figures.output_throughput);
  EXPECT_TRUE(figures.ttft);
  EXPECT_TRUE(figures.itl.empty());
}

TEST(RequestFigures, TakeAnInstantFirstTokenForNoInputRate) {
  EXPECT_EQ(figures_of(answered({.start = 0.2, .first = 0.2})).input_throughput, 0);
}

TEST(RequestFigures, HaveNoFirstTokenWithoutContent) {
  auto record = answered({});
  record.first_token.reset();
  record.chunks.clear();
  const auto figures = figures_of(record);
  EXPECT_FALSE(figures.ttft);
  EXPECT_FALSE(figures.output_latency);
  EXPECT_TRUE(figures.e2e_latency);
}

TEST(RequestFigures, SpreadTokensOverChunks) {
  auto record = answered({});
  record.chunks = {at(0.2), at(0.6), at(1.2)};
  record.output_tokens = 6;
  const auto even = figures_of(record);
  ASSERT_EQ(even.chunk_gaps.size(), 2U);
  ASSERT_EQ(even.itl.size(), 4U);
  EXPECT_NEAR(even.itl[0], 0.2, 1e-9);
  EXPECT_NEAR(even.itl[1], 0.2, 1e-9);
  EXPECT_NEAR(even.itl[2], 0.3, 1e-9);
}

TEST(RequestFigures, HandTheGapOfAChunkWithoutATokenOn) {
  auto record = answered({});
  record.chunks = {at(0.2), at(0.6), at(1.2)};
  record.output_tokens = 1;
  const auto figures = figures_of(record);
  ASSERT_EQ(figures.itl.size(), 1U);
  EXPECT_NEAR(figures.itl[0], 1.0, 1e-9);
}

TEST(Completed, DropsFirstAndLastByCompletion) {
  std::vector<load::RequestRecord> records;
  records.reserve(12);
  for (int i = 0; i < 10; ++i) {
    records.push_back(answered({.start = 0, .first = 0.1, .end = 10.0 - i, .output = 11 + i}));
  }
  records.push_back(failed(0, 1, 500));
  records.push_back(waiting(0));
  const auto run = run_of(std::move(records), 10);
  EXPECT_EQ(completed(run).size(), 10U);
  const auto kept = completed(run, 0.25, 0.1);
  ASSERT_EQ(kept.size(), 7U);
  EXPECT_EQ(kept.front()->output_tokens, 18);
  EXPECT_EQ(kept.back()->output_tokens, 12);
  EXPECT_TRUE(completed(run, 0.6, 0.5).empty());
}

}  // namespace
}  // namespace autotuner::metrics
