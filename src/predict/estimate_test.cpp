#include "predict/estimate.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace autotuner::predict {
namespace {

Facts facts() {
  return {{"gpus", 8},
          {"gpu", "NVIDIA H100 SXM"},
          {"model", "llama-3.1-70b"},
          {"model_layers", 80},
          {"model_hidden", 8192},
          {"model_heads", 64},
          {"model_kv_heads", 8},
          {"model_head_dim", 128},
          {"model_intermediate", 28672},
          {"model_vocab", 128256},
          {"model_parameters", 70.6e9},
          {"input_tokens", 1000},
          {"output_tokens", 1200},
          {"shared_prefix_share", 0.0},
          {"concurrency", 640},
          {"max_model_len", 2200},
          {"engine", "vllm 0.24.0"}};
}

const space::Point point{{"tensor_parallel_size", 4}, {"quantization", "fp8"}, {"max_num_seqs", 256}};

TEST(Estimate, GivesEveryMetricByName) {
  const auto estimated = estimate(point, facts()).value();
  for (const auto name : metric_names()) {
    ASSERT_TRUE(metric(estimated, name)) << name;
    EXPECT_TRUE(std::isfinite(*metric(estimated, name))) << name;
  }
  EXPECT_EQ(metric(estimated, "goodput"), std::nullopt);
  EXPECT_EQ(metric(estimated, "gpus"), 8);
  EXPECT_GT(metric(estimated, "memory_margin"), 0.0);
  EXPECT_DOUBLE_EQ(*metric(estimated, "total_throughput_tok_s"),
                   *metric(estimated, "request_throughput_req_s") * 2200);
}

TEST(Estimate, KnowsThatAModelDoesNotFit) {
  const auto estimated = estimate({{"tensor_parallel_size", 1}}, facts()).value();
  EXPECT_LT(metric(estimated, "memory_margin"), 0.0);
  EXPECT_EQ(estimated.memory.shortage, Shortage::weights);
}

TEST(Estimate, IsNothingWithoutWhatItNeeds) {
  for (const auto* name : {"gpu", "input_tokens", "output_tokens", "concurrency"}) {
    auto less = facts();
    less.erase(name);
    EXPECT_EQ(estimate(point, less), std::nullopt) << name;
  }
  EXPECT_EQ(estimate(point, {}), std::nullopt);
}

TEST(Estimate, TakesTheDeviceFromItsFiguresWhereTheNameIsUnknown) {
  auto named = facts();
  named.set("gpu", "Prototype 7");
  EXPECT_EQ(estimate(point, named), std::nullopt);
  named.set("gpu_memory_bytes", 80e9);
  named.set("gpu_bandwidth_bytes_s", 3.35e12);
  named.set("gpu_bf16_flops", 989e12);
  EXPECT_TRUE(estimate(point, named));
}

TEST(Estimate, LetsThePointChooseLoadAndDevice) {
  auto chosen = point;
  chosen.set("concurrency", 8);
  chosen.set("system", "h200_sxm");
  const auto fewer = estimate(chosen, facts()).value();
  EXPECT_LT(metric(fewer, "tpot_ms"), metric(estimate(point, facts()).value(), "tpot_ms"));
  EXPECT_DOUBLE_EQ(fewer.memory.capacity, 141e9);
  auto without = facts();
  without.erase("concurrency");
  EXPECT_TRUE(estimate(chosen, without));
}

TEST(Estimate, FallsBackToTheDeviceOfTheFactsForANameThatIsNoProduct) {
  auto same = point;
  same.set("device", "cuda");
  EXPECT_EQ(estimate(same, facts()), estimate(point, facts()));
}

TEST(Estimator, EstimatesAsTheFreeFunctionDoes) {
  const auto estimator = Estimator::make(facts()).value();
  EXPECT_EQ(estimator.estimate(point), estimate(point, facts()));
}

TEST(Estimate, NeverCrashesAndIsAlwaysFiniteOnNonsense) {
  const space::Value values[] = {space::Value(),
                                 0,
                                 -1,
                                 1,
                                 3,
                                 1e-300,
                                 1e18,
                                 1e300,
                                 std::nan(""),
                                 std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<std::int64_t>::max(),
                                 true,
                                 "fp8",
                                 "x",
                                 "",
                                 "1e999",
                                 space::JsonValue{"[1,2]"}};
  const char* names[] = {"tp",           "pp",          "dp",           "enable_dp_attention",
                         "max_num_seqs", "gpus",        "ctx_size",     "max_num_batched_tokens",
                         "quantization", "concurrency", "n_gpu_layers", "chunked_prefill_size",
                         "batch_size",   "backend",     "hardware",     "gpu_memory_utilization",
                         "max_model_len"};
  base::Random random(7);
  const auto below = [&](std::size_t count) {
    return static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count) - 1));
  };
  const auto pick = [&](const auto& list) { return list[below(std::size(list))]; };
  int estimated = 0;
  for (int round = 0; round < 2'000; ++round) {
    auto known = facts();
    for (const auto& [name, value] : facts())
      if (below(12) == 0) known.set(name, pick(values));
    space::Point strange;
    for (int i = 0; i < 4; ++i) strange.set(pick(names), pick(values));
    const auto result = estimate(strange, known);
    if (!result) continue;
    ++estimated;
    for (const auto name : metric_names()) ASSERT_TRUE(std::isfinite(*metric(*result, name))) << name;
  }
  EXPECT_GT(estimated, 100);
}

}  // namespace
}  // namespace autotuner::predict
