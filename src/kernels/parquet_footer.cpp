#include "kernels/parquet_footer.hpp"

#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "kernels/thrift_reader.hpp"

namespace autotuner::kernels {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie in the file");

using Field = ThriftReader::Field;
using Type = ThriftReader::Type;

constexpr std::string_view magic = "PAR1";
constexpr std::size_t tail_bytes = 8;  // length of the footer, magic
constexpr std::int64_t most_rows = 4'000'000;

/// An element of the schema: the root or a column.
struct Element {
  std::string name{};
  std::int64_t repetition = 0;  ///< 0 required, 1 optional, 2 repeated
  std::int64_t children = 0;
};

/// A column chunk as written; offsets into the file, 0 = none.
struct RawChunk {
  std::vector<std::string> path{};
  std::int64_t type = 255, codec = 0, values = 0, bytes = 0, data = 0, dictionary = 0;
};

struct RawFooter {
  std::vector<Element> schema{};
  std::vector<RawChunk> chunks{};
  std::int64_t rows = 0;
};

Element read_element(ThriftReader& reader) {
  Element element;
  reader.structure([&](const Field& field) {
    switch (field.id) {
      case 3:
        element.repetition = reader.integer(field);
        return true;
      case 4:
        element.name = reader.binary(field);
        return true;
      case 5:
        element.children = reader.integer(field);
        return true;
      default:
        return false;
    }
  });
  return element;
}

void read_metadata(ThriftReader& reader, RawChunk& chunk) {
  const std::pair<std::int64_t, std::int64_t RawChunk::*> numbers[] = {
      {1, &RawChunk::type},  {4, &RawChunk::codec}, {5, &RawChunk::values},
      {7, &RawChunk::bytes}, {9, &RawChunk::data},  {11, &RawChunk::dictionary}};
  reader.structure([&](const Field& field) {
    if (field.id == 3) {
      reader.list(field, Type::binary, [&] { chunk.path.emplace_back(reader.binary()); });
      return true;
    }
    for (const auto& [id, member] : numbers) {
      if (field.id != id) continue;
      chunk.*member = reader.integer(field);
      return true;
    }
    return false;
  });
}

RawChunk read_chunk(ThriftReader& reader) {
  RawChunk chunk;
  reader.structure([&](const Field& field) {
    if (field.id != 3 || field.type != Type::structure) return false;
    read_metadata(reader, chunk);
    return true;
  });
  return chunk;
}

void read_row_group(ThriftReader& reader, std::vector<RawChunk>& chunks) {
  reader.structure([&](const Field& field) {
    if (field.id != 1) return false;
    reader.list(field, Type::structure, [&] { chunks.push_back(read_chunk(reader)); });
    return true;
  });
}

RawFooter read_raw(ThriftReader& reader) {
  RawFooter footer;
  reader.structure([&](const Field& field) {
    switch (field.id) {
      case 2:
        reader.list(field, Type::structure, [&] { footer.schema.push_back(read_element(reader)); });
        return true;
      case 3:
        footer.rows = reader.integer(field);
        return true;
      case 4:
        reader.list(field, Type::structure, [&] { read_row_group(reader, footer.chunks); });
        return true;
      default:
        return false;
    }
  });
  return footer;
}

ParquetType type_of(std::int64_t number) {
  switch (number) {
    case 2:
      return ParquetType::int64;
    case 5:
      return ParquetType::float64;
    case 6:
      return ParquetType::text;
    default:
      return ParquetType::other;
  }
}

base::Result<ColumnChunk> placed(const RawChunk& raw, std::string_view file, bool optional) {
  const auto& column = raw.path.front();
  const bool has_dictionary = raw.dictionary > 0 && raw.dictionary < raw.data;
  const auto begin = has_dictionary ? raw.dictionary : raw.data;
  const auto size = static_cast<std::int64_t>(file.size());
  if (begin < 0 || begin > size || raw.bytes < 0 || raw.bytes > size - begin)
    return base::invalid_input("column {} lies at byte {} with {} bytes in a file of {}", column, begin,
                               raw.bytes, size);
  if (raw.values < 0 || raw.values > most_rows)
    return base::invalid_input("column {} has {} values; at most {} are read", column, raw.values, most_rows);
  return ColumnChunk{
      .column = column,
      .type = type_of(raw.type),
      .optional = optional,
      .codec = raw.codec,
      .values = static_cast<std::size_t>(raw.values),
      .pages = file.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(raw.bytes))};
}

base::Result<ParquetFooter> checked(const RawFooter& raw, std::string_view file) {
  if (raw.rows < 0 || raw.rows > most_rows)
    return base::invalid_input("it has {} rows; at most {} are read", raw.rows, most_rows);
  std::map<std::string, std::int64_t> repetitions;
  for (std::size_t i = 1; i < raw.schema.size(); ++i) {
    const auto& element = raw.schema[i];
    if (element.children > 0 || element.repetition > 1)
      return base::invalid_input("column {} is nested or repeated", element.name);
    repetitions[element.name] = element.repetition;
  }
  ParquetFooter footer{.rows = static_cast<std::size_t>(raw.rows)};
  for (const auto& chunk : raw.chunks) {
    const auto known = chunk.path.size() == 1 ? repetitions.find(chunk.path.front()) : repetitions.end();
    if (known == repetitions.end()) return base::invalid_input("it has a column that its schema hasn't");
    auto read = placed(chunk, file, known->second == 1);
    if (!read) return tl::unexpected(read.error());
    footer.chunks.push_back(std::move(*read));
  }
  return footer;
}

}  // namespace

base::Result<ParquetFooter> read_footer(std::string_view file) {
  if (file.size() < magic.size() + tail_bytes || !file.starts_with(magic) || !file.ends_with(magic))
    return base::invalid_input("it is no Parquet file");
  std::uint32_t size = 0;
  std::memcpy(&size, file.data() + file.size() - tail_bytes, sizeof size);
  const auto most = file.size() - magic.size() - tail_bytes;
  if (size > most) return base::invalid_input("its footer has {} bytes; at most {} are there", size, most);
  ThriftReader reader(file.substr(file.size() - tail_bytes - size, size));
  const auto raw = read_raw(reader);
  if (!reader.ok()) return base::invalid_input("its footer can't be read: {}", reader.problem());
  return checked(raw, file);
}

}  // namespace autotuner::kernels
