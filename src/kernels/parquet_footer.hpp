#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::kernels {

/// Parquet's numbers of the types that are read.
enum class ParquetType : std::uint8_t { int64 = 2, float64 = 5, text = 6, other = 255 };

/// The values of one column within one row group.
struct ColumnChunk {
  std::string column{};
  ParquetType type = ParquetType::other;
  bool optional = false;   ///< each value says whether it is there
  std::int64_t codec = 0;  ///< as `unpack` takes it
  std::size_t values = 0;
  std::string_view pages{};  ///< of the file
};

/// What the end of a Parquet file says of it.
struct ParquetFooter {
  std::size_t rows = 0;
  std::vector<ColumnChunk> chunks{};  ///< row group by row group
};

/// Reads the end of a file (parquet.thrift of apache/parquet-format); `pages` view `file`. Errors:
/// invalid_input for what is no Parquet file, has nested or repeated columns, or more rows than 4 million.
base::Result<ParquetFooter> read_footer(std::string_view file);

}  // namespace autotuner::kernels
