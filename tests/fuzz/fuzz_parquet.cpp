#include <array>
#include <string_view>

#include "kernels/parquet.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<std::string_view, 3> columns = {"gemm_dtype", "m", "latency"};
  const auto table = kernels::read_parquet(fuzz::text_of(data, size), columns);
  if (!table) return 0;
  for (const auto& [name, column] : table->columns) {
    fuzz::require(column.numbers.size() + column.indices.size() == table->rows, "a column has all rows");
    for (const auto index : column.indices) fuzz::require(index < column.words.size(), "a text is known");
  }
  return 0;
}
