#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace autotuner::kernels {

/// Reads the compact protocol of Apache Thrift, which Parquet's footer and page headers are written in
/// (thrift-compact-protocol.md of apache/thrift). Everything ends as soon as something is wrong: `problem`
/// then says what, and numbers are 0, texts empty.
class ThriftReader {
 public:
  /// The types of fields and list elements, by their numbers in the protocol.
  enum class Type : std::uint8_t {
    stop = 0,
    true_value = 1,
    false_value = 2,
    i8 = 3,
    i16 = 4,
    i32 = 5,
    i64 = 6,
    number = 7,
    binary = 8,
    list = 9,
    set = 10,
    map = 11,
    structure = 12
  };
  struct Field {
    std::int64_t id = 0;
    Type type = Type::stop;
  };

  explicit ThriftReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  /// How many bytes have been read.
  std::size_t position() const { return at_; }

  /// Calls `take` for each field of a structure. It reads the field's value with one of the functions below
  /// and returns true, or reads nothing and returns false.
  void structure(const std::function<bool(const Field&)>& take);
  /// Calls `take` for each element of a list; it has to read it. Fails when the field is no list of
  /// `element`.
  void list(const Field& field, Type element, const std::function<void()>& take);
  /// An integer of any size. Fails when the field is none.
  std::int64_t integer(const Field& field);
  /// Views the bytes that were given. Fails when the field is none.
  std::string_view binary(const Field& field);
  /// The same as an element of a list.
  std::string_view binary();

 private:
  void fail(std::string problem);
  std::uint8_t byte();
  std::uint64_t varint();
  std::int64_t zigzag();
  std::pair<Type, std::uint64_t> list_head();
  void skip(Type type, bool in_list);
  void skip_elements(Type first, Type second, std::uint64_t count);

  std::string_view bytes_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
};

}  // namespace autotuner::kernels
