#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "space/value.hpp"

namespace autotuner::space {

/// Names with values, in order. One configuration of the search space (a *point*: keys may carry the prefixes
/// __quant__ and __parallel__), and also the engine flags that a point resolves to.
class Point {
 public:
  using Entry = std::pair<std::string, Value>;

  Point() = default;
  Point(std::initializer_list<Entry> entries);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  /// The value of `name`, or nullptr.
  const Value* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// Replaces in place, or appends.
  void set(std::string name, Value value);
  /// Replaces the value of entry `index` < size().
  void set_at(std::size_t index, Value value) { entries_[index].second = std::move(value); }
  void erase(std::string_view name);

  /// Same names with equal values, in any order.
  friend bool operator==(const Point& a, const Point& b);

 private:
  std::vector<Entry> entries_;
};

/// Equal exactly for equal points, whatever the order of their names.
std::string identity(const Point& point);

/// "tp-size=2 mem-fraction-static=0.85", for people; "engine defaults" when empty.
std::string to_text(const Point& point);

base::Json to_json(const Point& point);
base::Result<Point> point_from_json(const base::Json& object);

}  // namespace autotuner::space
