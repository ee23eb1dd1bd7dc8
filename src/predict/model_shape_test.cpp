#include "predict/model_shape.hpp"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::predict {
namespace {

ModelShape from_config(const char* text) {
  return shape_from_config(base::parse_json(text).value()).value();
}

std::string config_error(const char* text) {
  return shape_from_config(base::parse_json(text).value()).error().message;
}

constexpr auto llama_8b = R"({"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
  "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "torch_dtype": "bfloat16",
  "tie_word_embeddings": false})";

constexpr auto deepseek = R"({"num_hidden_layers": 61, "hidden_size": 7168, "num_attention_heads": 128,
  "num_key_value_heads": 128, "intermediate_size": 18432, "vocab_size": 129280, "n_routed_experts": 256,
  "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "n_shared_experts": 1, "first_k_dense_replace": 3,
  "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128,
  "quantization_config": {"quant_method": "fp8"}})";

TEST(ShapeFromConfig, CountsTheParametersOfADenseModel) {
  const auto shape = from_config(llama_8b);
  EXPECT_NEAR(shape.parameters, 8.03e9, 0.01e9);  // as its model card says
  EXPECT_DOUBLE_EQ(shape.head_dim, 128);
  EXPECT_DOUBLE_EQ(cache_numbers(shape), 2048);
  EXPECT_EQ(shape.weights, NumberFormat::float16);
}

TEST(ShapeFromConfig, CountsTheParametersOfAModelWithExpertsAndLatentAttention) {
  const auto shape = from_config(deepseek);
  EXPECT_NEAR(shape.parameters, 671e9, 2e9);
  EXPECT_NEAR(shape.expert_parameters, 654e9, 2e9);
  EXPECT_DOUBLE_EQ(cache_numbers(shape), 576);
  EXPECT_EQ(shape.weights, NumberFormat::fp8);
}

TEST(ShapeFromConfig, ReadsTheLanguagePartOfAModelOfSeveralModalities) {
  const auto nested = base::Json{{"text_config", base::parse_json(llama_8b).value()}};
  EXPECT_EQ(shape_from_config(nested).value(), from_config(llama_8b));
}

TEST(ShapeFromConfig, NamesTheKeyThatIsMissing) {
  EXPECT_EQ(config_error(R"({"hidden_size": 8})"),
            "config.json has no usable num_hidden_layers; must be a number above 0");
  EXPECT_EQ(config_error(R"({"num_hidden_layers": 2, "hidden_size": -8, "vocab_size": 9})"),
            "config.json has no usable hidden_size; must be a number above 0");
  EXPECT_EQ(config_error("[]"), "config.json is no object");
}

TEST(ShapeFromFacts, SplitsExpertsOffByWhatIsActive) {
  const Facts facts{{"model_layers", 61},
                    {"model_hidden", 7168},
                    {"model_heads", 128},
                    {"model_parameters", 671e9},
                    {"model_active_parameters", 37e9},
                    {"model_experts", 256},
                    {"model_experts_per_token", 8}};
  const auto shape = shape_from_facts(facts).value();
  EXPECT_NEAR(shape.expert_parameters, (671e9 - 37e9) / (1 - 8.0 / 256), 1);
  EXPECT_NEAR(dense_parameters(shape) + embedding_parameters(shape) + shape.expert_parameters, 671e9, 1);
}

TEST(ShapeFromFacts, AgreesWithTheConfigOfTheSameModel) {
  const Facts facts{{"model_layers", 32},   {"model_hidden", 4096},  {"model_heads", 32},
                    {"model_kv_heads", 8},  {"model_head_dim", 128}, {"model_intermediate", 14336},
                    {"model_vocab", 128256}};
  EXPECT_EQ(shape_from_facts(facts).value(), from_config(llama_8b));
}

TEST(ShapeFromFacts, GuessesProportionsFromTheNameAlone) {
  const auto shape = shape_from_facts({{"model", "meta-llama/Meta-Llama-3-8B"}}).value();
  EXPECT_DOUBLE_EQ(shape.parameters, 8e9);
  EXPECT_NEAR(shape.hidden, 4096, 512);
  EXPECT_NEAR(shape.layers, 32, 4);
}

TEST(ShapeFromFacts, KnowsNothingWithoutAModel) {
  EXPECT_EQ(shape_from_facts({}), std::nullopt);
  EXPECT_EQ(shape_from_facts({{"model", "a-model"}, {"model_layers", 32}}), std::nullopt);
}

TEST(ShapeFromFacts, RefusesPartsThatAreLargerThanTheWhole) {
  EXPECT_EQ(shape_from_facts({{"model_parameters", 1e6}, {"model_layers", 2}, {"model_hidden", 8192}}),
            std::nullopt);
}

TEST(ShapeFromFacts, BearsNonsense) {
  for (const double bad : {0.0, -1.0, 1e300, std::nan(""), std::numeric_limits<double>::infinity()}) {
    const auto shape =
        shape_from_facts({{"model_parameters", 8e9}, {"model_layers", bad}, {"model_heads", bad}});
    ASSERT_TRUE(shape) << bad;
    EXPECT_GT(shape->layers, 0) << bad;
    EXPECT_EQ(shape_from_facts({{"model_parameters", bad}}), std::nullopt) << bad;
  }
}

TEST(ParametersInName, ReadsSizesAsModelsAreCalled) {
  EXPECT_EQ(parameters_in_name("mistralai/Mixtral-8x7B-Instruct"), 56e9);
  EXPECT_EQ(parameters_in_name("Qwen/Qwen2.5-0.5B-Instruct"), 0.5e9);
  EXPECT_EQ(parameters_in_name("Qwen3-235B-A22B-FP8"), 235e9);
  EXPECT_EQ(parameters_in_name("smollm2-135m-instruct"), 135e6);
  EXPECT_EQ(parameters_in_name("deepseek-ai/DeepSeek-R1"), std::nullopt);
  EXPECT_EQ(parameters_in_name("70b-models/gpt"), std::nullopt);
}

}  // namespace
}  // namespace autotuner::predict
