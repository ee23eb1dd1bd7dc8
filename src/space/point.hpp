#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "space/value.hpp"

namespace autotuner::space {

/// Names with values, in order. One configuration of the search space (a *point*: keys may carry the prefixes
/// __quant__ and __parallel__), and also the engine flags that a point resolves to. Copies share their
/// entries until one of them changes, and may do so in different threads.
class Point {
 public:
  using Entry = std::pair<std::string, Value>;

  Point() = default;
  Point(std::initializer_list<Entry> entries);

  bool empty() const { return entries().empty(); }
  std::size_t size() const { return entries().size(); }
  auto begin() const { return entries().begin(); }
  auto end() const { return entries().end(); }

  /// The value of `name`, or nullptr.
  const Value* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// Replaces in place, or appends.
  void set(std::string name, Value value);
  /// Replaces the value of entry `index` < size().
  void set_at(std::size_t index, Value value) { own_entries()[index].second = std::move(value); }
  void erase(std::string_view name);
  /// Shares the entries of `other` if its own are written alike: the same names and values in the same order.
  void share(const Point& other);

  /// Same names with equal values, in any order.
  friend bool operator==(const Point& a, const Point& b);

 private:
  // Shared: one point stands in the list of candidates, its trial, its experiment and often its flags.
  // Counted inside, because std::shared_ptr's count doesn't tell for certain that no other thread reads any
  // more.
  struct Shared : boost::intrusive_ref_counter<Shared> {
    std::vector<Entry> entries;
  };

  const std::vector<Entry>& entries() const;
  std::vector<Entry>& own_entries();

  boost::intrusive_ptr<Shared> shared_;  ///< null = empty
};

/// Equal exactly for equal points, whatever the order of their names.
std::string identity(const Point& point);

/// "tp-size=2 mem-fraction-static=0.85", for people; "engine defaults" when empty.
std::string to_text(const Point& point);

base::Json to_json(const Point& point);
base::Result<Point> point_from_json(const base::Json& object);

}  // namespace autotuner::space
