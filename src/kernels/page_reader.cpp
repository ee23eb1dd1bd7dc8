#include "kernels/page_reader.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "kernels/page_codec.hpp"
#include "kernels/runs.hpp"
#include "kernels/thrift_reader.hpp"

namespace autotuner::kernels {
namespace {

constexpr std::int64_t most_page_bytes = 64LL << 20;
enum PageType : std::int64_t { data_page = 0, dictionary_page = 2 };
enum Encoding : std::int64_t { plain_values = 0, plain_dictionary = 2, rle_dictionary = 8 };

struct PageHeader {
  std::int64_t type = -1, size = -1, packed_size = -1, count = -1, encoding = -1;
};

PageHeader read_header(ThriftReader& reader) {
  PageHeader header;
  reader.structure([&](const ThriftReader::Field& field) {
    switch (field.id) {
      case 1:
        header.type = reader.integer(field);
        return true;
      case 2:
        header.size = reader.integer(field);
        return true;
      case 3:
        header.packed_size = reader.integer(field);
        return true;
      case 5:
      case 7:
        // The headers of data and dictionary pages begin alike.
        if (field.type != ThriftReader::Type::structure) return false;
        reader.structure([&](const ThriftReader::Field& inner) {
          if (inner.id == 1) header.count = reader.integer(inner);
          if (inner.id == 2) header.encoding = reader.integer(inner);
          return inner.id == 1 || inner.id == 2;
        });
        return true;
      default:
        return false;
    }
  });
  return header;
}

double number_at(ParquetType type, std::string_view values, std::size_t index) {
  const auto* at = values.data() + 8 * index;
  if (type == ParquetType::float64) {
    double value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  std::int64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return static_cast<double>(value);
}

/// Takes a length and so many bytes from the front.
base::Result<std::string_view> take_text(std::string_view& values) {
  std::uint32_t size = 0;
  if (values.size() < sizeof size) return base::invalid_input("a text has no length");
  std::memcpy(&size, values.data(), sizeof size);
  values.remove_prefix(sizeof size);
  if (size > values.size())
    return base::invalid_input("a text has {} bytes; {} are left", size, values.size());
  const auto text = values.substr(0, size);
  values.remove_prefix(size);
  return text;
}

base::Result<void> check_room(std::string_view values, std::size_t count) {
  if (values.size() / 8 < count)
    return base::invalid_input("a page has {} bytes for {} numbers", values.size(), count);
  return {};
}

/// Which of a page's values are there; leaves what comes after.
base::Result<std::vector<std::uint32_t>> take_present(std::string_view& page, bool optional,
                                                      std::size_t count) {
  if (!optional) return std::vector<std::uint32_t>(count, 1);
  const auto levels = take_text(page);
  if (!levels) return tl::unexpected(levels.error());
  return read_runs(*levels, 1, count);
}

std::size_t count_of(const std::vector<std::uint32_t>& present) {
  return std::accumulate(present.begin(), present.end(), std::size_t{0});
}

}  // namespace

std::uint32_t PageReader::index_of(std::string_view word) {
  if (const auto found = known_.find(word); found != known_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(column_.words.size());
  column_.words.emplace_back(word);
  known_.emplace(word, index);
  return index;
}

base::Result<void> PageReader::read(const ColumnChunk& chunk) {
  if (chunk.type == ParquetType::other) return base::invalid_input("its type is not one that is read");
  numbers_.clear();
  indices_.clear();
  auto rest = chunk.pages;
  std::size_t left = chunk.values;
  while (left > 0) {
    ThriftReader reader(rest);
    const auto header = read_header(reader);
    if (!reader.ok()) return base::invalid_input("a page's header can't be read: {}", reader.problem());
    rest.remove_prefix(reader.position());
    const auto most = static_cast<std::int64_t>(rest.size());
    if (header.packed_size < 0 || header.packed_size > most || header.size < 0 ||
        header.size > most_page_bytes)
      return base::invalid_input("a page of {} bytes, unpacked {}; {} are there", header.packed_size,
                                 header.size, most);
    const auto packed = rest.substr(0, static_cast<std::size_t>(header.packed_size));
    rest.remove_prefix(packed.size());
    const bool is_data = header.type == data_page;
    if (!is_data && header.type != dictionary_page)
      return base::invalid_input("pages of type {} are not read", header.type);
    const auto most_values = is_data ? static_cast<std::int64_t>(left) : most_page_bytes;
    if (header.count < 0 || header.count > most_values)
      return base::invalid_input("a page has {} values; at most {} are possible", header.count, most_values);
    const auto page = unpack(chunk.codec, packed, static_cast<std::size_t>(header.size));
    if (!page) return tl::unexpected(page.error());
    const auto count = static_cast<std::size_t>(header.count);
    auto done = is_data ? data(chunk, *page, count, header.encoding) : dictionary(chunk, *page, count);
    if (!done) return done;
    if (is_data) left -= count;
  }
  return {};
}

base::Result<void> PageReader::dictionary(const ColumnChunk& chunk, std::string_view page,
                                          std::size_t count) {
  if (chunk.type == ParquetType::text) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto word = take_text(page);
      if (!word) return tl::unexpected(word.error());
      indices_.push_back(index_of(*word));
    }
    return {};
  }
  if (auto room = check_room(page, count); !room) return room;
  for (std::size_t i = 0; i < count; ++i) numbers_.push_back(number_at(chunk.type, page, i));
  return {};
}

base::Result<void> PageReader::data(const ColumnChunk& chunk, std::string_view page, std::size_t count,
                                    std::int64_t encoding) {
  const auto present = take_present(page, chunk.optional, count);
  if (!present) return tl::unexpected(present.error());
  if (encoding == plain_values) return plain(chunk, page, *present);
  if (encoding == plain_dictionary || encoding == rle_dictionary) return indexed(chunk, page, *present);
  return base::invalid_input("values of encoding {} are not read", encoding);
}

base::Result<void> PageReader::indexed(const ColumnChunk& chunk, std::string_view values,
                                       const std::vector<std::uint32_t>& present) {
  const auto count = count_of(present);
  if (values.empty() && count > 0) return base::invalid_input("a page of values is empty");
  const unsigned width = values.empty() ? 0 : static_cast<unsigned char>(values.front());
  const auto runs = read_runs(values.substr(values.empty() ? 0 : 1), width, count);
  if (!runs) return tl::unexpected(runs.error());
  const bool text = chunk.type == ParquetType::text;
  const auto size = text ? indices_.size() : numbers_.size();
  auto run = runs->begin();
  for (const auto is_there : present) {
    if (is_there != 0 && *run >= size)
      return base::invalid_input("value {} of a dictionary of {}", *run, size);
    if (text)
      column_.indices.push_back(is_there != 0 ? indices_[*run] : index_of(""));
    else
      column_.numbers.push_back(is_there != 0 ? numbers_[*run] : std::numeric_limits<double>::quiet_NaN());
    if (is_there != 0) ++run;
  }
  return {};
}

base::Result<void> PageReader::plain(const ColumnChunk& chunk, std::string_view values,
                                     const std::vector<std::uint32_t>& present) {
  if (chunk.type == ParquetType::text) {
    for (const auto is_there : present) {
      const auto word = is_there != 0 ? take_text(values) : base::Result<std::string_view>("");
      if (!word) return tl::unexpected(word.error());
      column_.indices.push_back(index_of(*word));
    }
    return {};
  }
  if (auto room = check_room(values, count_of(present)); !room) return room;
  std::size_t next = 0;
  for (const auto is_there : present) {
    const bool there = is_there != 0;
    column_.numbers.push_back(there ? number_at(chunk.type, values, next)
                                    : std::numeric_limits<double>::quiet_NaN());
    if (there) ++next;
  }
  return {};
}

}  // namespace autotuner::kernels
