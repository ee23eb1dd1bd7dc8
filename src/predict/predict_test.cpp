#include "predict/predict.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "predict/roofline.hpp"
#include "predict/test_models.hpp"

namespace autotuner::predict {
namespace {

Device h200() {
  return find_device("h200").value();
}

Prediction run(const Deployment& deployment, const Workload& load,
               const ModelShape& shape = test::model_of_70b()) {
  return predict(shape, h200(), deployment, load, memory(shape, h200(), deployment, load));
}

constexpr Workload chat{.input_tokens = 1000, .output_tokens = 1000, .concurrency = 32};

/// One matrix of 1e9 parameters and nothing else of note.
struct Bare {
  ModelShape shape{
      .layers = 1, .hidden = 1, .heads = 1, .kv_heads = 1, .head_dim = 1, .vocab = 1, .parameters = 1e9 + 2};
  Device device{.name = "test", .memory = 1e12, .bandwidth = 1e12, .flops_16bit = 1e14, .link = 1e12};
  Efficiency ideal{.weight_bandwidth = 1, .cache_bandwidth = 1, .flops_16bit = 1, .attention_flops = 1};
};

TEST(Roofline, ReadsTheWeightsOnceForFewTokens) {
  const Bare bare;
  const Roofline roofline(bare.shape, bare.device, {}, bare.ideal);
  // 2e9 bytes at 1e12 bytes/s, and one layer's small kernels.
  EXPECT_NEAR(roofline.seconds({.tokens = 1, .sequences = 1}), 2e-3 + 30e-6, 1e-6);
}

TEST(Roofline, ComputesForManyTokens) {
  const Bare bare;
  const Roofline roofline(bare.shape, bare.device, {}, bare.ideal);
  // 2 x 1e9 x 10,000 operations at 1e14 per second.
  EXPECT_NEAR(roofline.seconds({.tokens = 1e4, .sequences = 1}), 0.2, 1e-3);
}

TEST(Roofline, IsNeverBelowEitherRoof) {
  const Bare bare;
  const Roofline roofline(bare.shape, bare.device, {}, bare.ideal);
  for (double tokens = 1; tokens < 1e6; tokens *= 2)
    EXPECT_GE(roofline.seconds({.tokens = tokens}), std::max(2e-3, 2e-5 * tokens));
}

TEST(Roofline, ReadsTheCache) {
  auto bare = Bare{};
  bare.shape.kv_heads = bare.shape.heads = 1000;
  const Roofline roofline(bare.shape, bare.device, {}, bare.ideal);
  const double without = roofline.seconds({.tokens = 1});
  // 2 x 1000 numbers of 2 bytes for 1e6 tokens.
  EXPECT_NEAR(roofline.seconds({.tokens = 1, .context = 1e6}) - without, 4e-3, 1e-9);
}

TEST(Roofline, ReadsOnlyTheExpertsThatTokensMeet) {
  Bare bare;
  bare.shape.parameters = 1e9 + 2 + 64e9;
  bare.shape.expert_parameters = 64e9;
  bare.shape.experts = 64;
  bare.shape.experts_per_token = 1;
  bare.ideal.expert_bandwidth = 1;
  const Roofline roofline(bare.shape, bare.device, {}, bare.ideal);
  EXPECT_NEAR(roofline.seconds({.tokens = 1}), 2e-3 + 2e-3, 1e-4);
  EXPECT_NEAR(roofline.seconds({.tokens = 1000}) / (2e-3 + 128e-3), 1, 0.2);
}

TEST(Roofline, PaysForAllReduces) {
  const Bare bare;
  const auto per_token = [&](double tp) {
    const Roofline roofline(bare.shape, bare.device, {.tensor_parallel = tp}, bare.ideal);
    return roofline.seconds({.tokens = 1});
  };
  EXPECT_LT(per_token(2), per_token(1));
  // Half of the weights, and two all-reduces of next to no bytes.
  EXPECT_NEAR(per_token(2), 1e-3 + 30e-6 + 2 * (6e-6 + 1.6e-6), 1e-6);
}

TEST(Predict, IsWithinAFifthOfAPublishedMeasurement) {
  // Llama 3.1 70B FP8, vLLM, one H200, 4 requests of about 922 tokens in and out: 21.5 ms per token.
  const Deployment deployment{.weights = NumberFormat::fp8, .async_scheduling = true};
  const auto p = run(deployment, {.input_tokens = 922, .output_tokens = 922, .concurrency = 4});
  EXPECT_NEAR(p.tpot.mean * 1e3, 21.5, 4.3);
}

TEST(Predict, GrowsMonotonicallyWithLoadUntilTheEngineIsFull) {
  Prediction last;
  for (double requests = 1; requests <= 4096; requests *= 2) {
    auto load = chat;
    load.concurrency = requests;
    const auto p = run({.tensor_parallel = 4}, load);
    EXPECT_GE(p.tpot.mean, last.tpot.mean * (1 - 1e-9)) << requests;
    EXPECT_GE(p.ttft.mean, last.ttft.mean * (1 - 1e-9)) << requests;
    EXPECT_GE(p.output_tokens_per_second, last.output_tokens_per_second * (1 - 1e-9)) << requests;
    last = p;
  }
}

TEST(Predict, GrowsMonotonicallyWithLengthsAndModel) {
  Prediction last;
  for (double tokens = 1; tokens < 1e5; tokens *= 3) {
    auto load = chat;
    load.input_tokens = tokens;
    const auto p = run({.tensor_parallel = 8}, load);
    EXPECT_GE(p.ttft.mean, last.ttft.mean) << tokens;
    last = p;
  }
  const Deployment one{.weights = NumberFormat::fp8};
  EXPECT_GT(run(one, chat, test::model_of_70b(70e9)).tpot.mean,
            run(one, chat, test::model_of_70b(35e9)).tpot.mean);
}

TEST(Predict, IsFasterWithNarrowerNumbersAndMoreGpus) {
  const Deployment wide{.tensor_parallel = 2}, narrow{.tensor_parallel = 2, .weights = NumberFormat::fp8};
  EXPECT_LT(run(narrow, chat).tpot.mean, run(wide, chat).tpot.mean);
  EXPECT_LT(run({.tensor_parallel = 8}, chat).tpot.mean, run({.tensor_parallel = 2}, chat).tpot.mean);
}

TEST(Predict, QueuesWhatDoesNotRun) {
  auto load = chat;
  load.concurrency = 256;
  const auto queued = run({.tensor_parallel = 8, .max_sequences = 64}, load);
  const auto running = run({.tensor_parallel = 8, .max_sequences = 256}, load);
  EXPECT_EQ(queued.running_requests, 64);
  EXPECT_LT(queued.tpot.mean, running.tpot.mean);
  EXPECT_GT(queued.ttft.mean, 10 * running.ttft.mean);
}

TEST(Predict, ObeysLittlesLaw) {
  for (const double sequences : {16.0, 64.0, 512.0}) {
    auto load = chat;
    load.concurrency = 256;
    const auto p = run({.tensor_parallel = 8, .max_sequences = sequences}, load);
    EXPECT_NEAR(p.requests_per_second * p.e2e.mean, load.concurrency, 1e-6 * load.concurrency);
  }
}

TEST(Predict, SplitsTheLoadOverReplicas) {
  auto load = chat;
  const auto one = run({.tensor_parallel = 2}, load);
  load.concurrency *= 4;
  const auto four = run({.tensor_parallel = 2, .replicas = 4}, load);
  EXPECT_DOUBLE_EQ(four.tpot.mean, one.tpot.mean);
  EXPECT_NEAR(four.output_tokens_per_second, 4 * one.output_tokens_per_second, 1e-6);
  EXPECT_EQ(four.gpus, 8);
}

TEST(Predict, StarvesDecodingWithASmallTokenBudget) {
  auto load = chat;
  load.input_tokens = 8000;
  load.concurrency = 128;
  const auto small = run({.tensor_parallel = 8, .token_budget = 256}, load);
  const auto large = run({.tensor_parallel = 8, .token_budget = 4096}, load);
  EXPECT_LT(small.output_tokens_per_second, large.output_tokens_per_second);
  EXPECT_GT(small.ttft.mean, large.ttft.mean);
}

TEST(Predict, SavesThePromptsThatShareAPrefix) {
  auto load = chat;
  load.shared_prefix_share = 0.5;
  const auto cached = run({.tensor_parallel = 8, .prefix_caching = true}, load);
  const auto whole = run({.tensor_parallel = 8, .prefix_caching = false}, load);
  EXPECT_LT(cached.ttft.mean, whole.ttft.mean);
  EXPECT_GT(cached.output_tokens_per_second, whole.output_tokens_per_second);
}

TEST(Predict, IsSlowerWithoutGraphsAtSmallBatches) {
  auto load = chat;
  load.concurrency = 1;
  EXPECT_GT(run({.tensor_parallel = 8, .graph_size = 0}, load).tpot.mean,
            run({.tensor_parallel = 8, .graph_size = 512}, load).tpot.mean);
}

TEST(Predict, GainsNothingFromMoreGpusThatTakeTurns) {
  const Deployment one{.engine = Engine::llamacpp, .weights = NumberFormat::int4};
  auto four = one;
  four.pipeline_parallel = 4;
  EXPECT_GE(run(four, chat).step_seconds, run(one, chat).step_seconds);
}

TEST(Predict, PaysForAPipelineWithLatencyPerToken) {
  auto load = chat;
  load.concurrency = 1;
  EXPECT_GT(run({.pipeline_parallel = 4}, load).tpot.mean, run({.tensor_parallel = 4}, load).tpot.mean);
}

}  // namespace
}  // namespace autotuner::predict
