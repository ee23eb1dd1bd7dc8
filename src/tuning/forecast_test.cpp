#include "tuning/forecast.hpp"

#include <gtest/gtest.h>

namespace autotuner::tuning {
namespace {

const Premises h100{.gpu = {"NVIDIA H100 80GB HBM3", 79.6}};

/// Of the four sizes of a group the smallest has no room for 70B parameters of 16 bits.
spec::Task chat_with_70b() {
  spec::Task task;
  task.model.id_or_path = "meta-llama/Llama-3.1-70B-Instruct";
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.goal.objective = metrics::Objective::maximize_throughput;
  task.workload.scenarios = {*load::Scenario::parse("D(1000,500)")};
  task.workload.levels = {{16, std::nullopt}, {256, std::nullopt}};
  task.space.parameters = {{"tensor-parallel-size", space::Choices{{1, 2, 4, 8}}},
                           {"max-num-seqs", space::Choices{{8, 16, 32, 64, 128, 256}}}};
  return task;
}

std::optional<Forecast> forecast(const spec::Task& task, const Premises& premises = h100,
                                 std::uint64_t most = most_forecast_points) {
  const auto candidates =
      space::enumerate(task.space, {}, space::Dedupe::exact, space::GridOrder::lexicographic, 0);
  return forecast_of(task, premises, candidates->items, most);
}

TEST(Forecast, CountsWhatHasNoRoomInMemory) {
  const auto result = forecast(chat_with_70b());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->device, "NVIDIA H100 SXM");
  EXPECT_TRUE(result->model_from_name);
  EXPECT_EQ(result->distinct, 24U);
  EXPECT_EQ(result->looked_at, 24U);
  EXPECT_EQ(result->without_room % 6, 0U) << "batches don't decide here";
  EXPECT_GE(result->without_room, 6U) << "one GPU";
  EXPECT_EQ(result->keeping_limits, 24U - result->without_room);
}

TEST(Forecast, ShowsOnlyWhatNothingBeatsInBoth) {
  const auto result = forecast(chat_with_70b());
  ASSERT_TRUE(result);
  const auto& frontier = result->frontier;
  ASSERT_GE(frontier.size(), 3U);
  EXPECT_LE(frontier.size(), most_frontier_points);
  EXPECT_LE(frontier.size(), result->not_dominated);
  for (std::size_t i = 0; i < frontier.size(); ++i) {
    const auto& point = frontier[i];
    EXPECT_GE(point.memory_margin, 0);
    EXPECT_GT(*point.point.find("tensor-parallel-size")->as_number(), 1);
    EXPECT_EQ(point.gpus, *point.point.find("tensor-parallel-size")->as_number());
    if (i == 0) continue;
    EXPECT_GT(point.tpot, frontier[i - 1].tpot);
    EXPECT_GT(point.tokens_per_second / point.gpus, frontier[i - 1].tokens_per_second / frontier[i - 1].gpus);
  }
}

TEST(Forecast, SaysWhichLimitsWouldBreak) {
  auto task = chat_with_70b();
  const auto free = forecast(task);
  ASSERT_TRUE(free);
  const double between = (free->frontier.front().tpot + free->frontier.back().tpot) / 2;
  task.goal.slo.limits = {{.name = "tpot", .threshold = between}, {.name = "success_rate", .threshold = 0.9}};
  const auto result = forecast(task);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->frontier.front().broken.empty());
  EXPECT_EQ(result->frontier.back().broken, std::vector<std::string>{"mean_tpot"});
  EXPECT_GT(result->keeping_limits, 0U);
  EXPECT_LT(result->keeping_limits, 24U - result->without_room);
  EXPECT_EQ(result->unpredicted, std::vector<std::string>{"success_rate"});
}

TEST(Forecast, SpreadsTwelveOverALongFrontierWithItsEndsAndTheBestThatKeepsTheLimits) {
  auto task = chat_with_70b();
  std::vector<space::Value> sequences;
  for (int n = 1; n <= 64; ++n) sequences.emplace_back(n);
  task.space.parameters[1].domain = space::Choices{sequences};
  const auto free = forecast(task);
  ASSERT_TRUE(free);
  ASSERT_GT(free->not_dominated, 2 * most_frontier_points);
  EXPECT_EQ(free->frontier.size(), most_frontier_points);
  task.goal.slo.limits = {{.name = "tpot", .threshold = free->frontier[3].tpot * 1.001}};
  const auto limited = forecast(task);
  ASSERT_TRUE(limited);
  EXPECT_EQ(limited->frontier.size(), most_frontier_points);
  EXPECT_EQ(limited->frontier.front().point, free->frontier.front().point);
  EXPECT_EQ(limited->frontier.back().point, free->frontier.back().point);
  double best = 0;
  for (const auto& point : limited->frontier) {
    if (point.broken.empty()) best = std::max(best, point.tokens_per_second / point.gpus);
  }
  EXPECT_GE(best, free->frontier[3].tokens_per_second / free->frontier[3].gpus);
}

TEST(Forecast, LooksAtPointsFromTheWholeOfALargeSpace) {
  const auto result = forecast(chat_with_70b(), h100, 8);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->distinct, 24U);
  EXPECT_EQ(result->looked_at, 8U);
  EXPECT_EQ(result->without_room * 3, forecast(chat_with_70b())->without_room);
}

TEST(Forecast, NeedsTheSizeOfTheModelTheDeviceAndPoints) {
  EXPECT_FALSE(forecast(chat_with_70b(), {}));
  EXPECT_FALSE(forecast(chat_with_70b(), {.gpu = {"Some Accelerator 9000"}}));
  auto nameless = chat_with_70b();
  nameless.model.id_or_path = "/models/ours";
  EXPECT_FALSE(forecast(nameless));
  EXPECT_FALSE(forecast_of(chat_with_70b(), h100, {}));
  auto pretended = chat_with_70b();
  pretended.runtime = engine::RuntimeId::sim;
  EXPECT_FALSE(forecast(pretended));
}

TEST(Forecast, KnowsAHostThatComputesOnItsCores) {
  auto task = chat_with_70b();
  task.model.id_or_path = "Qwen2.5-0.5B-Instruct-GGUF:Q8_0";
  task.base_runtime = "llamacpp";
  task.runtime = engine::RuntimeId::llamacpp;
  task.space.parameters = {{"parallel", space::Choices{{1, 4}}}};
  const auto result = forecast(task, {.gpu = {"CPU", 16}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->device, "CPU");
  EXPECT_EQ(result->without_room, 0U);
  EXPECT_EQ(result->frontier.front().gpus, 1);
}

}  // namespace
}  // namespace autotuner::tuning
