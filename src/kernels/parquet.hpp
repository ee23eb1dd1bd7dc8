#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::kernels {

/// A column of a table: numbers, or texts as places in a list of words.
struct Column {
  std::vector<double> numbers{};         ///< a missing value is NaN
  std::vector<std::uint32_t> indices{};  ///< of each row's text in `words`
  std::vector<std::string> words{};      ///< each once; a missing value is empty
};

struct Table {
  std::size_t rows = 0;
  std::map<std::string, Column, std::less<>> columns{};  ///< all of `rows` values
};

/// Reads columns of a Parquet file that lies in memory: flat ones of 64-bit integers (kept as doubles),
/// doubles and texts, in pages of version 1, plain or with a dictionary, unpacked, by Snappy or by Zstandard.
/// Those that it lacks are missing in the table. Errors: invalid_input naming what is wrong or is another
/// kind of file.
base::Result<Table> read_parquet(std::string_view file, std::span<const std::string_view> columns);

}  // namespace autotuner::kernels
