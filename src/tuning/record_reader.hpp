#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "space/point.hpp"

namespace autotuner::tuning {

/// Reads members of one JSON object into variables. An absent or null member leaves its variable as it is;
/// the first member that can't be read is kept as the problem, later calls go on harmlessly.
class RecordReader {
 public:
  /// `object` must outlive the reader; `name` is what messages call it.
  RecordReader(const base::Json& object, std::string name);

  void name(std::string name) { name_ = std::move(name); }
  /// The member, or nullptr when it is absent or null.
  const base::Json* member(std::string_view key) const;

  void text(std::string_view key, std::string& value);
  void number(std::string_view key, double& value);
  void number(std::string_view key, std::optional<double>& value);
  void integer(std::string_view key, int& value);
  void integer(std::string_view key, std::optional<int>& value);
  void boolean(std::string_view key, bool& value);
  void texts(std::string_view key, std::vector<std::string>& values);
  void text_map(std::string_view key, std::map<std::string, std::string>& values);
  void number_map(std::string_view key, std::map<std::string, double>& values);
  void points(std::string_view key, std::vector<space::Point>& values);

  /// Every object of a list, read by `read_item(RecordReader&)`.
  template <class Item, class ReadItem>
  void list(std::string_view key, std::vector<Item>& items, const ReadItem& read_item) {
    for (const auto* json : objects_of(key)) {
      RecordReader reader(*json, name_ + ": " + std::string(key));
      items.push_back(read_item(reader));
      take_problem_of(reader);
    }
  }

  /// The object at `key`, if there is one, read by `read(RecordReader&)`.
  template <class Read>
  void nested(std::string_view key, const Read& read) {
    const auto* json = object_at(key);
    if (json == nullptr) return;
    RecordReader reader(*json, name_ + ": " + std::string(key));
    read(reader);
    take_problem_of(reader);
  }

  /// Keeps "<name>: <key> <reason>" as the problem unless there is one already.
  void refuse(std::string_view key, std::string_view reason);
  const std::optional<base::Error>& problem() const { return problem_; }

 private:
  const base::Json* object_at(std::string_view key) const;
  std::vector<const base::Json*> objects_of(std::string_view key);
  void take_problem_of(const RecordReader& other);

  const base::Json& object_;
  std::string name_;
  std::optional<base::Error> problem_;
};

}  // namespace autotuner::tuning
