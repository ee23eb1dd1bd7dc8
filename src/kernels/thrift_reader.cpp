#include "kernels/thrift_reader.hpp"

#include <utility>

#include <fmt/format.h>

namespace autotuner::kernels {
namespace {

constexpr int deepest = 16;

bool is_integer(ThriftReader::Type type) {
  return type >= ThriftReader::Type::i8 && type <= ThriftReader::Type::i64;
}

}  // namespace

void ThriftReader::fail(std::string problem) {
  if (ok()) problem_ = std::move(problem);
}

std::uint8_t ThriftReader::byte() {
  if (ok() && at_ < bytes_.size()) return static_cast<std::uint8_t>(bytes_[at_++]);
  fail(fmt::format("it ends at byte {}", at_));
  return 0;
}

std::uint64_t ThriftReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto part = byte();
    value |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
    if ((part & 0x80U) == 0) return value;
  }
  fail(fmt::format("the number before byte {} has more than 64 bits", at_));
  return 0;
}

std::int64_t ThriftReader::zigzag() {
  const auto value = varint();
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

void ThriftReader::structure(const std::function<bool(const Field&)>& take) {
  if (++depth_ > deepest) fail(fmt::format("structures lie more than {} deep", deepest));
  Field field;
  while (ok()) {
    const auto head = byte();
    if (head == 0) break;
    const auto step = head >> 4U;
    // The numbers are those of a 16-bit field, which keeps the sum far from overflow.
    field.id = step != 0 ? field.id + step : static_cast<std::int16_t>(zigzag());
    field.type = static_cast<Type>(head & 0x0fU);
    if (ok() && !take(field)) skip(field.type, false);
  }
  --depth_;
}

std::pair<ThriftReader::Type, std::uint64_t> ThriftReader::list_head() {
  const auto head = byte();
  const std::uint64_t count = head >> 4U;
  return {static_cast<Type>(head & 0x0fU), count == 15 ? varint() : count};
}

void ThriftReader::list(const Field& field, Type element, const std::function<void()>& take) {
  if (field.type != Type::list) return fail(fmt::format("field {} is no list", field.id));
  const auto [type, count] = list_head();
  if (type != element && count > 0)
    return fail(fmt::format("field {} lists elements of type {}", field.id, static_cast<int>(type)));
  for (std::uint64_t i = 0; i < count && ok(); ++i) take();
}

std::int64_t ThriftReader::integer(const Field& field) {
  if (!is_integer(field.type)) fail(fmt::format("field {} is no integer", field.id));
  const auto value = field.type == Type::i8 ? static_cast<std::int8_t>(byte()) : zigzag();
  return ok() ? value : 0;
}

std::string_view ThriftReader::binary(const Field& field) {
  if (field.type != Type::binary) fail(fmt::format("field {} is no text", field.id));
  return binary();
}

std::string_view ThriftReader::binary() {
  const auto size = varint();
  if (ok() && size > bytes_.size() - at_) fail(fmt::format("a text at byte {} has {} bytes", at_, size));
  if (!ok()) return {};
  const auto text = bytes_.substr(at_, size);
  at_ += size;
  return text;
}

void ThriftReader::skip_elements(Type first, Type second, std::uint64_t count) {
  if (++depth_ > deepest) fail(fmt::format("lists lie more than {} deep", deepest));
  for (std::uint64_t i = 0; i < count && ok(); ++i) {
    skip(first, true);
    if (second != Type::stop) skip(second, true);
  }
  --depth_;
}

void ThriftReader::skip(Type type, bool in_list) {
  switch (type) {
    case Type::true_value:
    case Type::false_value:
      // As a field, its type is its value.
      if (in_list) byte();
      return;
    case Type::i8:
      byte();
      return;
    case Type::i16:
    case Type::i32:
    case Type::i64:
      varint();
      return;
    case Type::number:
      for (int i = 0; i < 8; ++i) byte();
      return;
    case Type::binary:
      binary();
      return;
    case Type::list:
    case Type::set: {
      const auto [element, count] = list_head();
      return skip_elements(element, Type::stop, count);
    }
    case Type::map: {
      const auto count = varint();
      if (count == 0) return;
      const auto types = byte();
      return skip_elements(static_cast<Type>(types >> 4U), static_cast<Type>(types & 0x0fU), count);
    }
    case Type::structure:
      return structure([](const Field&) { return false; });
    case Type::stop:
      break;
  }
  fail(fmt::format("the value at byte {} has the unknown type {}", at_, static_cast<int>(type)));
}

}  // namespace autotuner::kernels
