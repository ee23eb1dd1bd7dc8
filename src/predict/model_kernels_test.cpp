#include "predict/model_kernels.hpp"

#include <gtest/gtest.h>

#include "predict/estimate.hpp"
#include "predict/roofline.hpp"
#include "predict/test_models.hpp"

namespace autotuner::predict {
namespace {

Device h100() {
  return find_device("h100").value();
}

/// Products at 1 ps per multiplication of a token, whatever their form; attention and reductions at round
/// numbers.
KernelTables tables() {
  KernelTables tables;
  for (const double n : {32.0, 1024.0, 65536.0}) {
    for (const double k : {32.0, 1024.0, 65536.0})
      tables.products[{n, k}] = Curve({{1, n * k * 1e-12}, {1000, n * k * 1e-9}});
  }
  for (const double gpus : {1.0, 2.0, 4.0, 8.0}) {
    const AttentionKind kind{64 / gpus, 8 / gpus, 128, NumberFormat::float16};
    tables.prefill[kind] = Curve({{1000, 1e-3}, {2000, 4e-3}});
    tables.decode[kind] = Surface({{1, Curve({{1000, 1e-5}})}, {64, Curve({{1000, 64e-5}})}});
    tables.reduce[gpus] = Curve({{8192, 10e-6}, {8192.0 * 64, 100e-6}});
  }
  return tables;
}

TEST(Product, InterpolatesInLogarithmsAndGrowsBeyondTheTable) {
  const auto all = tables();
  EXPECT_NEAR(product(all, 100, 5000).at(1), 100 * 5000 * 1e-12, 1e-14);
  EXPECT_NEAR(product(all, 131072, 1024).at(1), 131072 * 1024 * 1e-12, 1e-14);
  EXPECT_TRUE(product({}, 100, 100).empty());
  auto with_a_hole = all;
  with_a_hole.products.erase({1024, 1024});
  EXPECT_TRUE(product(with_a_hole, 100, 1000).empty());
  EXPECT_FALSE(product(with_a_hole, 32, 1000).empty()) << "that corner isn't needed";
}

TEST(ModelKernels, SumUpTheProductsOfALayerForEachWidth) {
  const auto shape = test::model_of_70b();
  const auto kernels = model_kernels(tables(), shape, Engine::vllm, h100());
  const double layer = dense_parameters(shape) / 80 * 1e-12;
  EXPECT_NEAR(kernels.widths.at(1).products.at(1), layer, layer * 2e-3);
  EXPECT_NEAR(kernels.widths.at(4).products.at(1), layer / 4, layer * 2e-3);
  EXPECT_NEAR(kernels.widths.at(2).reduce.at(64), 100e-6, 1e-9) << "64 tokens of 8192 numbers";
  EXPECT_TRUE(kernels.widths.at(1).reduce.empty());
}

TEST(ModelKernels, AreThereForTheirOwnDeviceEngineWidthAndFormat) {
  const auto kernels = model_kernels(tables(), test::model_of_70b(), Engine::vllm, h100());
  Deployment deployment{.tensor_parallel = 4};
  const auto known = kernels.of(h100(), deployment);
  EXPECT_NE(known.products, nullptr);
  EXPECT_NE(known.prefill, nullptr);
  EXPECT_NE(known.decode, nullptr);
  EXPECT_NE(known.reduce, nullptr);
  EXPECT_EQ(kernels.of(find_device("h200").value(), deployment).products, nullptr);
  deployment.engine = Engine::sglang;
  EXPECT_EQ(kernels.of(h100(), deployment).products, nullptr);
  deployment = {.tensor_parallel = 3};
  EXPECT_EQ(kernels.of(h100(), deployment).reduce, nullptr);
  deployment = {.weights = NumberFormat::fp8, .cache = NumberFormat::fp8};
  EXPECT_EQ(kernels.of(h100(), deployment).products, nullptr);
  EXPECT_EQ(kernels.of(h100(), deployment).decode, nullptr) << "no table of such a cache";
  EXPECT_NE(kernels.of(h100(), deployment).head, nullptr) << "it stays at 16 bit";
}

TEST(ModelKernels, SayNothingOfModelsThatTheyDontHelpWith) {
  auto shape = test::model_of_70b();
  shape.experts = 8;
  EXPECT_TRUE(model_kernels(tables(), shape, Engine::vllm, h100()).widths.empty());
  shape = test::model_of_70b();
  shape.latent = 576;
  EXPECT_TRUE(model_kernels(tables(), shape, Engine::vllm, h100()).widths.empty());
}

TEST(Roofline, TakesMeasuredTimesWhereThereAreAny) {
  const auto shape = test::model_of_70b();
  const auto kernels = model_kernels(tables(), shape, Engine::vllm, h100());
  const Deployment deployment{.tensor_parallel = 2};
  const Efficiency efficiency;
  const Roofline roofline(shape, h100(), deployment, efficiency, &kernels);
  const double products = dense_parameters(shape) / 2 * 1e-12 * 64;
  const double head = 128256.0 / 2 * 8192 * 1e-12 * 64;
  const double decoding = 80 * (64e-5 + 2 * 100e-6 + efficiency.measured_layer_seconds) + products + head;
  EXPECT_NEAR(roofline.seconds({.tokens = 64, .sequences = 64, .context = 64e3}), decoding, decoding * 0.01);
  // A prompt of 2000 tokens, each of which looks at 1000 on average, and half a prompt that looks at as many.
  const double whole = roofline.seconds({.tokens = 2000, .prompt = 2000, .attended = 1000});
  const double nothing = roofline.seconds({.tokens = 2000});
  EXPECT_NEAR(whole - nothing, 80 * 4e-3, 1e-6);
  const double half = roofline.seconds({.tokens = 2000, .prompt = 1000, .attended = 1000});
  EXPECT_NEAR(half - nothing, 80 * 2e-3, 1e-6);
}

TEST(Roofline, IsTheSameWhereKernelsDontApply) {
  const auto shape = test::model_of_70b();
  const auto kernels = model_kernels(tables(), shape, Engine::sglang, h100());
  const Deployment deployment{.tensor_parallel = 2};
  const Pass pass{.tokens = 2064, .sequences = 64, .context = 64e3, .prompt = 2000, .attended = 1000};
  EXPECT_EQ(Roofline(shape, h100(), deployment, {}, &kernels).seconds(pass),
            Roofline(shape, h100(), deployment, {}).seconds(pass));
}

TEST(Estimator, UsesKernelsForItsOwnDeviceAlone) {
  const Facts facts{{"gpu", "NVIDIA H100 SXM"}, {"model_layers", 80},         {"model_hidden", 8192},
                    {"model_heads", 64},        {"model_kv_heads", 8},        {"model_head_dim", 128},
                    {"model_vocab", 128256},    {"model_parameters", 70.6e9}, {"input_tokens", 1000},
                    {"output_tokens", 1000},    {"concurrency", 64},          {"gpus", 8}};
  const auto plain = Estimator::make(facts).value();
  auto measured = plain;
  measured.use(model_kernels(tables(), plain.shape(), plain.engine(), *plain.device()));
  const space::Point here{{"tensor_parallel_size", 4}},
      elsewhere{{"tensor_parallel_size", 4}, {"gpu", "h200"}};
  EXPECT_NE(measured.estimate(here), plain.estimate(here));
  EXPECT_EQ(measured.estimate(elsewhere), plain.estimate(elsewhere));
}

}  // namespace
}  // namespace autotuner::predict
