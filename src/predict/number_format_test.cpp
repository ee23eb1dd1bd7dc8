#include "predict/number_format.hpp"

#include <gtest/gtest.h>

namespace autotuner::predict {
namespace {

TEST(FindFormat, KnowsTheWordsOfEngines) {
  EXPECT_EQ(find_format("fp8"), NumberFormat::fp8);
  EXPECT_EQ(find_format("fp8_e5m2"), NumberFormat::fp8);
  EXPECT_EQ(find_format("FP8"), NumberFormat::fp8);
  EXPECT_EQ(find_format("bfloat16"), NumberFormat::float16);
  EXPECT_EQ(find_format("awq_marlin"), NumberFormat::int4);
  EXPECT_EQ(find_format("nvfp4"), NumberFormat::fp4);
  EXPECT_EQ(find_format("modelopt_fp4"), NumberFormat::fp4);
  EXPECT_EQ(find_format("q8_0"), NumberFormat::int8);
  EXPECT_EQ(find_format("Q4_K_M"), NumberFormat::int4);
  EXPECT_EQ(find_format("w8a8"), NumberFormat::int8);
}

TEST(FindFormat, ReadsTheWordOfEveryFormat) {
  for (const auto format : {NumberFormat::float32, NumberFormat::float16, NumberFormat::fp8,
                            NumberFormat::int8, NumberFormat::int4, NumberFormat::fp4})
    EXPECT_EQ(find_format(to_text(format)), format) << to_text(format);
}

TEST(FindFormat, LeavesTheModelAsItIsForTheRest) {
  for (const auto* word : {"none", "auto", "", "experts_int", "\xff"})
    EXPECT_EQ(find_format(word), std::nullopt) << word;
}

TEST(FormatInName, ReadsTheLastPartOfTheModelsName) {
  EXPECT_EQ(format_in_name("Qwen/Qwen3-235B-A22B-FP8"), NumberFormat::fp8);
  EXPECT_EQ(format_in_name("nvidia/DeepSeek-R1-NVFP4"), NumberFormat::fp4);
  EXPECT_EQ(format_in_name("qwen2.5-0.5b-instruct-q4_k_m.gguf"), NumberFormat::int4);
  EXPECT_EQ(format_in_name("fp8-models/Llama-3.1-8B"), std::nullopt);
}

TEST(FlopsOf, FallsBackToSixteenBitWhereTheUnitIsMissing) {
  const Device device{.flops_16bit = 100, .flops_fp8 = 0, .flops_int8 = 200};
  EXPECT_DOUBLE_EQ(flops_of(device, NumberFormat::fp8), 100);
  EXPECT_DOUBLE_EQ(flops_of(device, NumberFormat::int8), 200);
  EXPECT_DOUBLE_EQ(flops_of(device, NumberFormat::int4), 100);
  EXPECT_DOUBLE_EQ(flops_of(device, NumberFormat::float32), 50);
}

}  // namespace
}  // namespace autotuner::predict
