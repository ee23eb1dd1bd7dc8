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

predict::MeasuredKernels kernels() {
  predict::MeasuredKernels measured{.source = "tables 1.0, h100_sxm, sglang 0.5.14"};
  measured.kernels = {.engine = predict::Engine::sglang, .device = "NVIDIA H100 SXM"};
  auto& width = measured.kernels.widths[2];
  width.products = predict::Curve({{1, 1.5e-5}, {64, 2.25e-5}});
  width.reduce = predict::Curve({{0.125, 4.5e-6}});
  width.prefill[predict::NumberFormat::fp8] = predict::Curve({{1024, 1e-3}});
  width.decode[predict::NumberFormat::float16] = predict::Surface({{8, predict::Curve({{1024, 1e-4}})}});
  measured.kernels.widths[1].head = predict::Curve({{1, 1e-4}});
  return measured;
}

TEST(Premises, KeepTheMeasuredKernelsThemselves) {
  auto premises = premises_of(qwen, {"NVIDIA H100 80GB HBM3", 79.6});
  premises.kernels = kernels();
  const auto text = base::to_compact_text(to_json(premises));
  EXPECT_EQ(premises_from_json(*base::parse_json(text)), premises);
}

TEST(Premises, DoWithoutKernelsThatAreDamaged) {
  auto premises = premises_of(qwen, {"NVIDIA H100 80GB HBM3", 79.6});
  premises.kernels = kernels();
  const auto whole = to_json(premises);
  premises.kernels.reset();
  for (const auto* part :
       {"/kernels", "/kernels/widths", "/kernels/widths/2", "/kernels/widths/2/products",
        "/kernels/widths/2/products/1", "/kernels/widths/2/prefill/fp8", "/kernels/widths/2/decode/float16/0",
        "/kernels/widths/2/decode/float16/0/curve"}) {
    auto damaged = whole;
    damaged[base::Json::json_pointer(part)] = "7";
    EXPECT_EQ(premises_from_json(damaged), premises) << part;
  }
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
