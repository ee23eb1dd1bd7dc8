#include "kernels/runs.hpp"

#include <algorithm>
#include <optional>

namespace autotuner::kernels {
namespace {

constexpr unsigned widest = 32;
constexpr std::size_t group = 8;  // packed numbers come in eights

class Runs {
 public:
  Runs(std::string_view bytes, unsigned width) : bytes_(bytes), width_(width) {}

  /// Appends one run, of at most what is missing to `count`. False at the end of the bytes.
  bool next(std::size_t count, std::vector<std::uint32_t>& values) {
    const auto head = varint();
    if (!head) return false;
    const auto length = *head >> 1U;
    if (length == 0) return true;
    const auto missing = count - values.size();
    if ((*head & 1U) == 0) return repeat(std::min<std::uint64_t>(length, missing), values);
    return packed(length, missing, values);
  }

 private:
  std::uint64_t mask() const { return (std::uint64_t{1} << width_) - 1; }
  std::uint32_t byte(std::size_t at) const { return static_cast<unsigned char>(bytes_[at]); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35 && at_ < bytes_.size(); shift += 7) {
      const auto part = byte(at_++);
      value |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
      if ((part & 0x80U) == 0) return value;
    }
    return std::nullopt;
  }

  bool repeat(std::size_t length, std::vector<std::uint32_t>& values) {
    const std::size_t size = (width_ + 7) / 8;
    if (size > bytes_.size() - at_) return false;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= byte(at_ + i) << (8 * i);
    at_ += size;
    values.insert(values.end(), length, static_cast<std::uint32_t>(value & mask()));
    return true;
  }

  bool packed(std::uint64_t groups, std::size_t missing, std::vector<std::uint32_t>& values) {
    if (groups > (bytes_.size() - at_) / std::max(width_, 1U)) return false;
    const auto length = std::min<std::uint64_t>(groups * group, missing);
    std::uint64_t buffer = 0;
    unsigned bits = 0;
    auto at = at_;
    for (std::uint64_t i = 0; i < length; ++i) {
      for (; bits < width_; bits += 8) buffer |= static_cast<std::uint64_t>(byte(at++)) << bits;
      values.push_back(static_cast<std::uint32_t>(buffer & mask()));
      buffer >>= width_;
      bits -= width_;
    }
    at_ += groups * width_;
    return true;
  }

  std::string_view bytes_;
  unsigned width_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<std::vector<std::uint32_t>> read_runs(std::string_view bytes, unsigned width,
                                                   std::size_t count) {
  if (width > widest) return base::invalid_input("numbers of {} bits; at most {} are read", width, widest);
  std::vector<std::uint32_t> values;
  values.reserve(count);
  Runs runs(bytes, width);
  while (values.size() < count) {
    if (!runs.next(count, values))
      return base::invalid_input("a page ends after {} of {} values", values.size(), count);
  }
  return values;
}

}  // namespace autotuner::kernels
