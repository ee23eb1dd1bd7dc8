#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autotuner::test {

/// Writes structures in Thrift's compact protocol.
class ThriftWriter {
 public:
  ThriftWriter& integer(int id, std::int64_t value) { return head(id, 6).zigzag(value); }
  ThriftWriter& text(int id, std::string_view value) { return head(id, 8).plain_text(value); }
  ThriftWriter& structure(int id, const ThriftWriter& inner) { return head(id, 12).add(inner.end()); }
  ThriftWriter& texts(int id, const std::vector<std::string>& values) {
    head(id, 9).list_head(values.size(), 8);
    for (const auto& value : values) plain_text(value);
    return *this;
  }
  ThriftWriter& structures(int id, const std::vector<ThriftWriter>& values) {
    head(id, 9).list_head(values.size(), 12);
    for (const auto& value : values) add(value.end());
    return *this;
  }
  /// With the byte that ends a structure.
  std::string end() const { return bytes_ + '\0'; }

 private:
  ThriftWriter& head(int id, int type) {
    bytes_ += static_cast<char>((id - last_) << 4 | type);
    last_ = id;
    return *this;
  }
  void list_head(std::size_t count, int type) {
    if (count < 15) {
      bytes_ += static_cast<char>(count << 4U | static_cast<unsigned>(type));
      return;
    }
    bytes_ += static_cast<char>(0xf0U | static_cast<unsigned>(type));
    varint(count);
  }
  ThriftWriter& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
    bytes_ += static_cast<char>(value);
    return *this;
  }
  ThriftWriter& zigzag(std::int64_t value) { return varint(static_cast<std::uint64_t>(value) * 2); }
  ThriftWriter& plain_text(std::string_view value) {
    varint(value.size());
    return add(value);
  }
  ThriftWriter& add(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }

  std::string bytes_;
  int last_ = 0;
};

/// A Parquet file of required columns, plain and not packed.
class ParquetFile {
 public:
  ParquetFile& integers(const std::string& name, const std::vector<std::int64_t>& values) {
    return column(name, 2, values.size(), raw(values));
  }
  ParquetFile& numbers(const std::string& name, const std::vector<double>& values) {
    return column(name, 5, values.size(), raw(values));
  }
  ParquetFile& texts(const std::string& name, const std::vector<std::string>& values) {
    std::string bytes;
    for (const auto& value : values) {
      const auto size = static_cast<std::uint32_t>(value.size());
      bytes += raw(std::vector{size}) + value;
    }
    return column(name, 6, values.size(), bytes);
  }

  std::string bytes() const {
    ThriftWriter root;
    root.text(4, "schema").integer(5, static_cast<std::int64_t>(elements_.size()));
    std::vector<ThriftWriter> schema{root};
    schema.insert(schema.end(), elements_.begin(), elements_.end());
    ThriftWriter group;
    group.structures(1, chunks_);
    ThriftWriter footer;
    footer.integer(1, 1).structures(2, schema).integer(3, rows_).structures(4, {group});
    const auto end = footer.end();
    return data_ + end + raw(std::vector{static_cast<std::uint32_t>(end.size())}) + "PAR1";
  }

 private:
  template <class T>
  static std::string raw(const std::vector<T>& values) {
    std::string bytes(values.size() * sizeof(T), '\0');
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }

  ParquetFile& column(const std::string& name, int type, std::size_t count, const std::string& values) {
    rows_ = static_cast<std::int64_t>(count);
    const auto size = static_cast<std::int64_t>(values.size());
    ThriftWriter data_header, page;
    data_header.integer(1, rows_).integer(2, 0);
    page.integer(1, 0).integer(2, size).integer(3, size).structure(5, data_header);
    const auto at = static_cast<std::int64_t>(data_.size());
    data_ += page.end() + values;
    ThriftWriter element, metadata, chunk;
    element.integer(1, type).integer(3, 0).text(4, name);
    metadata.integer(1, type).texts(3, {name}).integer(4, 0).integer(5, rows_);
    metadata.integer(7, static_cast<std::int64_t>(data_.size()) - at).integer(9, at);
    chunk.structure(3, metadata);
    elements_.push_back(element);
    chunks_.push_back(chunk);
    return *this;
  }

  std::string data_ = "PAR1";
  std::vector<ThriftWriter> elements_, chunks_;
  std::int64_t rows_ = 0;
};

}  // namespace autotuner::test
