#include "kernels/table_rows.hpp"

#include <gtest/gtest.h>

namespace autotuner::kernels {
namespace {

using predict::NumberFormat;

Column numbers(std::vector<double> values) {
  return {.numbers = std::move(values)};
}

Column texts(const std::vector<std::string>& values) {
  Column column;
  for (const auto& value : values) {
    column.indices.push_back(static_cast<std::uint32_t>(column.words.size()));
    column.words.push_back(value);
  }
  return column;
}

Table attention_table(const std::string& tokens) {
  return {.rows = 4,
          .columns = {{"batch_size", numbers({1, 2, 1, 1})},
                      {tokens, numbers({1023, 1023, 2047, 1023})},
                      {"num_heads", numbers({8, 8, 8, 8})},
                      {"num_key_value_heads", numbers({1, 1, 1, 0})},
                      {"head_dim", numbers({128, 128, 128, 128})},
                      {"kv_cache_dtype", texts({"bfloat16", "bfloat16", "bfloat16", "fp8"})},
                      {"latency", numbers({1, 1.5, 4, 2})}}};
}

TEST(TableRows, TakeProductsOfSixteenBitAlone) {
  predict::KernelTables tables;
  const Table table{.rows = 3,
                    .columns = {{"gemm_dtype", texts({"bfloat16", "fp8", "bfloat16"})},
                                {"m", numbers({16, 16, 32})},
                                {"n", numbers({256, 256, 256})},
                                {"k", numbers({128, 128, 128})},
                                {"latency", numbers({0.5, 0.1, 0.75})}}};
  ASSERT_TRUE(add_products(table, tables));
  ASSERT_EQ(tables.products.size(), 1U);
  EXPECT_EQ(tables.products.at({256, 128}).places(),
            (std::vector<predict::Curve::Place>{{16, 0.5e-3}, {32, 0.75e-3}}));
}

TEST(TableRows, TakeDecodingBySequencesAndTheTokensBeforeWithTheNewOne) {
  predict::KernelTables tables;
  ASSERT_TRUE(add_decode(attention_table("step"), tables));
  const auto& surface = tables.decode.at({8, 1, 128, NumberFormat::float16});
  EXPECT_DOUBLE_EQ(surface.at(1, 1024), 1e-3);
  EXPECT_DOUBLE_EQ(surface.at(2, 1024), 1.5e-3);
  EXPECT_DOUBLE_EQ(surface.at(1, 2048), 4e-3);
  EXPECT_TRUE(tables.decode.contains({8, 8, 128, NumberFormat::fp8})) << "no key heads: as many as heads";
}

TEST(TableRows, TakeSinglePromptsWithoutAWindow) {
  predict::KernelTables tables;
  auto table = attention_table("isl");
  table.columns["window_size"] = numbers({0, 0, 128, 0});
  ASSERT_TRUE(add_prefill(table, tables));
  const auto& curve = tables.prefill.at({8, 1, 128, NumberFormat::float16});
  EXPECT_EQ(curve.places(), (std::vector<predict::Curve::Place>{{1023, 1e-3}}));
}

TEST(TableRows, TakeTheFasterOfTwoReductionsOfOneSize) {
  predict::KernelTables tables;
  const Table table{.rows = 3,
                    .columns = {{"num_gpus", numbers({2, 2, 4})},
                                {"message_size", numbers({1024, 1024, 1024})},
                                {"latency", numbers({0.02, 0.005, 0.006})}}};
  ASSERT_TRUE(add_reduce(table, tables));
  EXPECT_DOUBLE_EQ(tables.reduce.at(2).at(1024), 5e-6);
  EXPECT_DOUBLE_EQ(tables.reduce.at(4).at(1024), 6e-6);
}

TEST(TableRows, NameTheColumnThatIsMissingOrOfAnotherKind) {
  predict::KernelTables tables;
  auto table = attention_table("isl");
  EXPECT_EQ(add_decode(table, tables).error().message, "it has no column step of numbers");
  table.columns["isl"] = texts({"a", "b", "c", "d"});
  EXPECT_EQ(add_prefill(table, tables).error().message, "it has no column isl of numbers");
  table = attention_table("isl");
  table.columns["kv_cache_dtype"] = numbers({1, 2, 3, 4});
  EXPECT_EQ(add_prefill(table, tables).error().message, "it has no column kv_cache_dtype of texts");
}

}  // namespace
}  // namespace autotuner::kernels
