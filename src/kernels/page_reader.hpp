#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "kernels/parquet.hpp"
#include "kernels/parquet_footer.hpp"

namespace autotuner::kernels {

/// Decodes a column's pages one chunk after the other.
class PageReader {
 public:
  /// Appends the values of a chunk. Errors: invalid_input.
  base::Result<void> read(const ColumnChunk& chunk);
  Column take() { return std::move(column_); }

 private:
  base::Result<void> dictionary(const ColumnChunk& chunk, std::string_view page, std::size_t count);
  base::Result<void> data(const ColumnChunk& chunk, std::string_view page, std::size_t count,
                          std::int64_t encoding);
  base::Result<void> indexed(const ColumnChunk& chunk, std::string_view values,
                             const std::vector<std::uint32_t>& present);
  base::Result<void> plain(const ColumnChunk& chunk, std::string_view values,
                           const std::vector<std::uint32_t>& present);
  std::uint32_t index_of(std::string_view word);

  Column column_;
  std::map<std::string, std::uint32_t, std::less<>> known_;
  std::vector<double> numbers_;         ///< the chunk's dictionary
  std::vector<std::uint32_t> indices_;  ///< the same of texts
};

}  // namespace autotuner::kernels
