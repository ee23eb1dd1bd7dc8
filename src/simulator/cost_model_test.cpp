#include "simulator/cost_model.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::simulator {
namespace {

using testing::HasSubstr;

Options with_model(const std::string& model) {
  Options options;
  options.model = model;
  return options;
}

double step_ms(const Options& options, const StepWork& work, double z = 0) {
  return static_cast<double>(step_duration(options, work, z).count()) / 1e6;
}

TEST(ModelSize, IsReadFromTheName) {
  EXPECT_EQ(billions_of("demo-8b"), 8);
  EXPECT_EQ(billions_of("meta-llama/Llama-3.2-1B-Instruct"), 1);
  EXPECT_EQ(billions_of("Qwen2.5-0.5B"), 0.5);
  EXPECT_EQ(billions_of("mixtral-8x7b-instruct"), 56);
  EXPECT_EQ(billions_of("Qwen3-30B-A3B"), 30);
  EXPECT_EQ(billions_of("SmolLM2-135M"), 0.135);
  EXPECT_EQ(billions_of("llama-70b"), 70);
}

TEST(ModelSize, IsEightWhereTheNameSaysNothing) {
  for (const auto* const name : {"", "b", "gpt-oss", "phi-3-mini-4k", "q8bit", "model-0b", "...b", "8 b"}) {
    EXPECT_EQ(billions_of(name), 8) << name;
  }
}

TEST(KvRoom, FollowsTheFormula) {
  Options options;
  EXPECT_EQ(kv_room_tokens(options), 437500);  // (80 * 0.9 - 16) GB / 128 kB
  options.kv_cache_dtype = "fp8";
  EXPECT_EQ(kv_room_tokens(options), 875000);
  options.kv_cache_dtype = "auto";
  options.quantization = "fp8";
  EXPECT_EQ(kv_room_tokens(options), 500000);  // (72 - 8) GB / 128 kB
  options.tensor_parallel_size = 2;
  options.pipeline_parallel_size = 2;
  EXPECT_EQ(kv_room_tokens(options), 2187500);  // (288 - 8) GB / 128 kB
}

TEST(KvRoom, OfNoTokenIsOutOfMemory) {
  EXPECT_TRUE(check_memory(Options{}));
  auto options = with_model("demo-70b");
  const auto memory = check_memory(options);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().message,
            "out of memory (simulated): the weights need 140.0 GB, 1 GPU(s) of 80 GB give 72.0 GB at "
            "--gpu-memory-utilization 0.9, which leaves no room for the KV cache");
  options.tensor_parallel_size = 2;
  EXPECT_TRUE(check_memory(options));
  EXPECT_FALSE(check_memory(with_model("demo-36b")));
}

TEST(StepDuration, FollowsTheFormula) {
  Options options;
  EXPECT_NEAR(step_ms(options, {}), 4 + 8 * 0.9, 1e-6);
  EXPECT_NEAR(step_ms(options, {.sequences = 100, .prompt_tokens = 1000}), 4 + 8 * (0.9 + 0.5 + 3.0), 1e-6);
  options.quantization = "fp8";
  EXPECT_NEAR(step_ms(options, {.sequences = 1}), 4 + 8 * (0.45 + 0.005), 1e-6);
  options.quantization = "none";
  options.tensor_parallel_size = 4;
  options.pipeline_parallel_size = 2;
  EXPECT_NEAR(step_ms(options, {.sequences = 1}), 4 + 8 * 0.905 / std::pow(4, 0.85) / std::sqrt(2), 1e-6);
}

TEST(StepDuration, VariesWithTheNoiseButStaysPositive) {
  Options options;
  EXPECT_NEAR(step_ms(options, {}, 2), 1.04 * 11.2, 1e-6);
  EXPECT_NEAR(step_ms(options, {}, -2), 0.96 * 11.2, 1e-6);
  options.noise = 1;
  EXPECT_NEAR(step_ms(options, {}, -3), 0.1 * 11.2, 1e-6);
}

TEST(Banner, SaysThatAllIsSimulated) {
  Options options;
  options.api_key = "hunter2";
  const auto line = banner(options);
  EXPECT_TRUE(line.starts_with("simulated engine: "));
  EXPECT_THAT(line,
              HasSubstr("8 billion parameters on 1 simulated GPU(s) of 80 GB; KV cache of 437500 tokens"));
  EXPECT_THAT(line, testing::Not(HasSubstr("hunter2")));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace autotuner::simulator
