#include "kernels/page_codec.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <archive.h>
#include <archive_entry.h>

namespace autotuner::kernels {
namespace {

/// Snappy's format_description.txt: a length, then literals and copies of what was already written.
class Snappy {
 public:
  Snappy(std::string_view packed, std::size_t size) : packed_(packed), size_(size) { result_.reserve(size); }

  /// False when the bytes make no page of that size.
  bool unpack() {
    if (length() != size_) return false;
    while (at_ < packed_.size()) {
      if (!element()) return false;
    }
    return result_.size() == size_;
  }
  std::string take() { return std::move(result_); }

 private:
  std::uint32_t byte_at(std::size_t at) const { return static_cast<unsigned char>(packed_[at]); }

  std::uint64_t length() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35 && at_ < packed_.size(); shift += 7) {
      const auto part = byte_at(at_++);
      value |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
      if ((part & 0x80U) == 0) break;
    }
    return value;
  }

  /// A little-endian number of some bytes.
  std::optional<std::size_t> number(std::size_t bytes) {
    if (bytes > packed_.size() - at_) return std::nullopt;
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::size_t>(byte_at(at_ + i)) << (8 * i);
    at_ += bytes;
    return value;
  }

  bool element() {
    const std::size_t tag = byte_at(at_++);
    switch (tag & 3U) {
      case 0:
        return literal(tag >> 2U);
      case 1: {
        const auto low = number(1);
        return low && copy(4 + ((tag >> 2U) & 7U), (tag >> 5U) << 8U | *low);
      }
      default: {
        const auto offset = number((tag & 3U) == 2 ? 2 : 4);
        return offset && copy(1 + (tag >> 2U), *offset);
      }
    }
  }

  bool literal(std::size_t length) {
    // From 60 on it says how many bytes the length has.
    if (length >= 60) {
      const auto longer = number(length - 59);
      if (!longer) return false;
      length = *longer;
    }
    ++length;
    if (length > packed_.size() - at_ || length > size_ - result_.size()) return false;
    result_.append(packed_.substr(at_, length));
    at_ += length;
    return true;
  }

  bool copy(std::size_t length, std::size_t offset) {
    if (offset == 0 || offset > result_.size() || length > size_ - result_.size()) return false;
    // One by one: a copy may reach into what it writes.
    for (std::size_t i = 0; i < length; ++i) result_.push_back(result_[result_.size() - offset]);
    return true;
  }

  std::string_view packed_;
  std::size_t size_, at_ = 0;
  std::string result_;
};

base::Result<std::string> unpack_zstd(std::string_view packed, std::size_t size) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  // What isn't Zstandard would come back as it is.
  if (archive_read_open_memory(reader.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK ||
      archive_filter_code(reader.get(), 0) != ARCHIVE_FILTER_ZSTD)
    return base::invalid_input("a page is no Zstandard data");
  std::string result(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const auto part = archive_read_data(reader.get(), result.data() + filled, size - filled);
    if (part <= 0) return base::invalid_input("a page has {} bytes; its header says {}", filled, size);
    filled += static_cast<std::size_t>(part);
  }
  char more = 0;
  if (archive_read_data(reader.get(), &more, 1) != 0)
    return base::invalid_input("a page has more than the {} bytes that its header says", size);
  return result;
}

}  // namespace

base::Result<std::string> unpack(std::int64_t codec, std::string_view packed, std::size_t size) {
  switch (codec) {
    case 0:
      if (packed.size() != size)
        return base::invalid_input("a page has {} bytes; its header says {}", packed.size(), size);
      return std::string(packed);
    case 1: {
      Snappy snappy(packed, size);
      if (!snappy.unpack()) return base::invalid_input("a page is no Snappy data of {} bytes", size);
      return snappy.take();
    }
    case 6:
      return unpack_zstd(packed, size);
    default:
      return base::invalid_input("its compression {} can't be read; Snappy and Zstandard can", codec);
  }
}

}  // namespace autotuner::kernels
