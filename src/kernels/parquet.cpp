#include "kernels/parquet.hpp"

#include <algorithm>
#include <utility>

#include "kernels/page_reader.hpp"
#include "kernels/parquet_footer.hpp"

namespace autotuner::kernels {

base::Result<Table> read_parquet(std::string_view file, std::span<const std::string_view> columns) {
  const auto footer = read_footer(file);
  if (!footer) return tl::unexpected(footer.error());
  std::map<std::string_view, PageReader> readers;
  std::map<std::string_view, std::size_t> values;
  for (const auto& chunk : footer->chunks) {
    if (std::ranges::find(columns, chunk.column) == columns.end()) continue;
    // A few bytes may stand for millions of values, so that it is checked before they are made.
    auto& count = values[chunk.column];
    count += chunk.values;
    if (count > footer->rows)
      return base::invalid_input("column {} has more values than the {} rows", chunk.column, footer->rows);
    if (auto read = readers[chunk.column].read(chunk); !read)
      return base::invalid_input("column {}: {}", chunk.column, read.error().message);
  }
  Table table{.rows = footer->rows};
  for (auto& [name, reader] : readers) {
    auto column = reader.take();
    if (!column.numbers.empty() && !column.indices.empty())
      return base::invalid_input("column {} has numbers and texts", name);
    const auto rows = column.numbers.size() + column.indices.size();
    if (rows != table.rows)
      return base::invalid_input("column {} has {} values; the file has {} rows", name, rows, table.rows);
    table.columns.emplace(name, std::move(column));
  }
  return table;
}

}  // namespace autotuner::kernels
