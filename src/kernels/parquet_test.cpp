#include "kernels/parquet.hpp"

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/parquet_file.hpp"

namespace autotuner::kernels {
namespace {

constexpr std::array<std::string_view, 3> all_columns = {"gemm_dtype", "m", "latency"};

std::string file_of(const std::string& name) {
  std::ifstream file(std::string(AUTOTUNER_SOURCE_DIR "/tests/fuzz/corpus/parquet/") + name + ".parquet",
                     std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string problem_of(const std::string& bytes) {
  const auto table = read_parquet(bytes, all_columns);
  return table ? "" : table.error().message;
}

/// Files that Apache Arrow wrote, of one table: tests/fuzz/make_parquet_corpus.py.
class ReadParquet : public testing::TestWithParam<const char*> {};

TEST_P(ReadParquet, ReadsNumbersTextsAndWhatIsMissing) {
  const auto table = read_parquet(file_of(GetParam()), all_columns);
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->rows, 15U);
  ASSERT_EQ(table->columns.size(), 3U);
  const auto& m = table->columns.at("m").numbers;
  EXPECT_EQ(std::vector(m.begin(), m.begin() + 8), (std::vector<double>{1, 2, 4, 8, 16, 32, 64, 128}));
  EXPECT_TRUE(std::isnan(m[8]));
  EXPECT_EQ(m[14], 32);
  const auto& latency = table->columns.at("latency").numbers;
  for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(latency[i], 0.5 * static_cast<double>(i));
  const auto& type = table->columns.at("gemm_dtype");
  std::string words;
  for (const auto index : type.indices) words += type.words[index].substr(0, 1) + ".";
  EXPECT_EQ(words, "b.b.b.b.b.b.b.b.b.f.f.f.f.f..");
}

INSTANTIATE_TEST_SUITE_P(Kinds, ReadParquet,
                         testing::Values("zstd", "snappy", "row_groups", "plain", "small_pages"));

TEST(ReadParquetFile, GivesOnlyTheColumnsThatAreAskedForAndThere) {
  constexpr std::array<std::string_view, 2> columns = {"m", "power"};
  const auto table = read_parquet(file_of("zstd"), columns);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->columns.size(), 1U);
  EXPECT_TRUE(table->columns.contains("m"));
}

TEST(ReadParquetFile, ReadsATableWithoutRows) {
  const auto table = read_parquet(file_of("empty"), all_columns);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows, 0U);
}

TEST(ReadParquetFile, SaysWhatItCantRead) {
  EXPECT_EQ(problem_of(file_of("gzip")),
            "column gemm_dtype: its compression 2 can't be read; Snappy and Zstandard can");
  EXPECT_EQ(problem_of(file_of("page_version_2")), "column gemm_dtype: pages of type 3 are not read");
  EXPECT_EQ(problem_of(file_of("delta")), "column m: values of encoding 5 are not read");
  EXPECT_EQ(problem_of(file_of("narrow_integers")), "column m: its type is not one that is read");
  EXPECT_EQ(problem_of(file_of("lists")), "column m is nested or repeated");
  EXPECT_EQ(problem_of("a text"), "it is no Parquet file");
  EXPECT_EQ(problem_of(""), "it is no Parquet file");
}

TEST(ReadParquetFile, RefusesAFileThatIsCutAnywhere) {
  const auto bytes = file_of("zstd");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(problem_of(bytes.substr(0, size)), "") << "cut at " << size;
}

TEST(ReadParquetFile, SurvivesAnyByteThatIsAnother) {
  for (const auto* name : {"zstd", "snappy", "plain"}) {
    auto bytes = file_of(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const char was = bytes[i];
      for (const int other : {0x00, 0x7f, 0xff}) {
        bytes[i] = static_cast<char>(other);
        const auto table = read_parquet(bytes, all_columns);
        for (const auto& [column, values] : table ? table->columns : Table{}.columns)
          ASSERT_EQ(values.numbers.size() + values.indices.size(), table->rows) << name << " " << i;
      }
      bytes[i] = was;
    }
  }
}

TEST(ReadParquetFile, RefusesMoreRowsThanItReads) {
  auto bytes = test::ParquetFile().integers("m", {1, 2}).bytes();
  ASSERT_EQ(problem_of(bytes), "");
  test::ThriftWriter root, footer;
  root.text(4, "schema").integer(5, 0);
  footer.integer(1, 1).structures(2, {root}).integer(3, 4'000'001).structures(4, {});
  const auto end = footer.end();
  bytes = "PAR1" + end + std::string{static_cast<char>(end.size()), 0, 0, 0} + "PAR1";
  EXPECT_EQ(problem_of(bytes), "it has 4000001 rows; at most 4000000 are read");
}

TEST(ReadParquetFile, RefusesAFooterThatIsNestedTooDeep) {
  test::ThriftWriter inner;
  inner.integer(1, 0);
  for (int i = 0; i < 40; ++i) {
    test::ThriftWriter outer;
    outer.structure(9, inner);
    inner = outer;
  }
  const auto end = inner.end();
  const auto bytes = "PAR1" + end + std::string{static_cast<char>(end.size()), 0, 0, 0} + "PAR1";
  EXPECT_EQ(problem_of(bytes), "its footer can't be read: structures lie more than 16 deep");
}

}  // namespace
}  // namespace autotuner::kernels
