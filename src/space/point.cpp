#include "space/point.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace autotuner::space {
namespace {

/// Text that would blur into its neighbours is quoted.
std::string shown(const Value& value) {
  std::string text = to_text(value);
  const bool plain = !text.empty() && text.find_first_of(" \t\r\n") == std::string::npos;
  return plain || !value.as_text() ? text : '"' + text + '"';
}

}  // namespace

Point::Point(std::initializer_list<Entry> entries) {
  for (const auto& [name, value] : entries) set(name, value);
}

const std::vector<Point::Entry>& Point::entries() const {
  static const std::vector<Entry> none;
  return shared_ ? shared_->entries : none;
}

std::vector<Point::Entry>& Point::own_entries() {
  if (!shared_) {
    shared_.reset(new Shared);
  } else if (shared_->use_count() > 1) {
    shared_.reset(new Shared(*shared_));
  }
  return shared_->entries;
}

const Value* Point::find(std::string_view name) const {
  for (const auto& entry : entries()) {
    if (entry.first == name) return &entry.second;
  }
  return nullptr;
}

void Point::set(std::string name, Value value) {
  auto& entries = own_entries();
  const auto found = std::ranges::find(entries, name, &Entry::first);
  if (found != entries.end()) {
    found->second = std::move(value);
  } else {
    entries.emplace_back(std::move(name), std::move(value));
  }
}

void Point::erase(std::string_view name) {
  if (!contains(name)) return;
  std::erase_if(own_entries(), [name](const Entry& entry) { return entry.first == name; });
}

void Point::share(const Point& other) {
  const auto written_alike = [](const Entry& a, const Entry& b) {
    return a.first == b.first && a.second.variant() == b.second.variant();
  };
  if (std::ranges::equal(entries(), other.entries(), written_alike)) shared_ = other.shared_;
}

bool operator==(const Point& a, const Point& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a, [&b](const Point::Entry& entry) {
    const Value* other = b.find(entry.first);
    return other != nullptr && *other == entry.second;
  });
}

std::string identity(const Point& point) {
  std::vector<const Point::Entry*> sorted;
  sorted.reserve(point.size());
  for (const auto& entry : point) sorted.push_back(&entry);
  std::ranges::sort(sorted, [](const auto* a, const auto* b) { return a->first < b->first; });
  // Lengths in front, so that no name or value can imitate a separator.
  std::string text;
  text.reserve(32 * sorted.size());
  const auto add = [&text](const std::string& part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  };
  for (const auto* entry : sorted) {
    add(entry->first);
    add(identity(entry->second));
  }
  return text;
}

std::string to_text(const Point& point) {
  if (point.empty()) return "engine defaults";
  std::string text;
  for (const auto& [name, value] : point) {
    if (!text.empty()) text += ' ';
    text += name + '=' + shown(value);
  }
  return text;
}

base::Json to_json(const Point& point) {
  base::Json object = base::Json::object();
  for (const auto& [name, value] : point) object[name] = to_json(value);
  return object;
}

base::Result<Point> point_from_json(const base::Json& object) {
  if (!object.is_object()) {
    return base::invalid_input("a configuration must be an object of names and values, not {}",
                               object.type_name());
  }
  Point point;
  for (const auto& [name, member] : object.items()) {
    auto value = value_from_json(member);
    if (!value) return base::invalid_input("{}: {}", name, value.error().message);
    point.set(name, std::move(*value));
  }
  return point;
}

}  // namespace autotuner::space
