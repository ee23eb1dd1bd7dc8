#include "tuning/premises.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::tuning {
namespace {

const base::Json qwen = {{"num_hidden_layers", 24},   {"hidden_size", 896},
                         {"num_attention_heads", 14}, {"num_key_value_heads", 2},
                         {"intermediate_size", 4864}, {"vocab_size", 151936},
                         {"torch_dtype", "bfloat16"}, {"tie_word_embeddings", true}};

TEST(Premises, TakeTheSizesOfTheModelFromItsConfig) {
  const auto premises = premises_of(qwen, {"NVIDIA H100 80GB HBM3", 79.6});
  ASSERT_TRUE(premises.model);
  EXPECT_EQ(premises.model->layers, 24);
  EXPECT_EQ(premises.model->kv_heads, 2);
  EXPECT_NEAR(premises.model->parameters, 0.494e9, 0.03e9) << "as its makers count them";
  EXPECT_EQ(premises.gpu.name, "NVIDIA H100 80GB HBM3");
}

TEST(Premises, KnowNoModelWhereThereIsNoConfigOrNoTransformer) {
  EXPECT_FALSE(premises_of(nullptr, {}).model);
  EXPECT_FALSE(premises_of({{"model_type", "clip"}}, {}).model);
}

TEST(Premises, SurviveBeingStored) {
  const auto premises = premises_of(qwen, {"NVIDIA H100 80GB HBM3", 79.6});
  const auto text = base::to_compact_text(to_json(premises));
  EXPECT_EQ(premises_from_json(*base::parse_json(text)), premises);
  EXPECT_EQ(premises_from_json(to_json(Premises{})), Premises{});
}

TEST(Premises, KeepTheEarlierTasksThatARunStartedFrom) {
  auto premises = premises_of(qwen, {"NVIDIA L4", 22.5});
  premises.earlier = {
      {.name = "chat-a",
       .model = "qwen",
       .same_model = true,
       .same_load = true,
       .trials =
           {{"chat-a", {{"tp", 2}, {"mode", "fast"}}, {{"objective", 0.1 + 0.2}}, {{"objective", 0.5}}}},
       .failures = {{{{"tp", 1}}, search::Failure::no_cache_room, "0.9.1"}}},
      {.name = "chat-b", .trials = {{"chat-b", {{"tp", 1}}, {{"p90_ttft", 1.5}}, {}}}}};
  const auto text = base::to_compact_text(to_json(premises));
  EXPECT_EQ(premises_from_json(*base::parse_json(text)), premises);
  auto damaged = to_json(premises);
  damaged["earlier"][0]["trials"][0] = 7;
  damaged["earlier"][1] = "chat-b";
  const auto left = premises_from_json(damaged);
  ASSERT_EQ(left.earlier.size(), 1U);
  EXPECT_TRUE(left.earlier[0].trials.empty());
  EXPECT_EQ(left.earlier[0].failures, premises.earlier[0].failures);
}

TEST(Premises, KeepWhatADamagedStoreLeavesOfThem) {
  auto json = to_json(premises_of(qwen, {"NVIDIA L4", 22.5}));
  json["model"]["layers"] = -24;
  EXPECT_EQ(premises_from_json(json), (Premises{.gpu = {"NVIDIA L4", 22.5}}));
  json["gpu"] = "L4";
  EXPECT_EQ(premises_from_json(json), Premises{});
  EXPECT_EQ(premises_from_json(nullptr), Premises{});
}

}  // namespace
}  // namespace autotuner::tuning
