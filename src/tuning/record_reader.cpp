#include "tuning/record_reader.hpp"

#include <limits>

#include <nlohmann/json.hpp>

namespace autotuner::tuning {
namespace {

std::string unfit(const base::Json& json, std::string_view wanted) {
  auto shown = base::to_compact_text(json);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  return fmt::format("is {}; must be {}", shown, wanted);
}

}  // namespace

RecordReader::RecordReader(const base::Json& object, std::string name)
    : object_(object), name_(std::move(name)) {}

const base::Json* RecordReader::member(std::string_view key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const base::Json* RecordReader::object_at(std::string_view key) const {
  const auto* json = member(key);
  return json != nullptr && json->is_object() ? json : nullptr;
}

void RecordReader::refuse(std::string_view key, std::string_view reason) {
  if (problem_) return;
  problem_ = base::Error{base::ErrorKind::invalid_input, fmt::format("{}: {} {}", name_, key, reason)};
}

void RecordReader::take_problem_of(const RecordReader& other) {
  if (!problem_) problem_ = other.problem_;
}

void RecordReader::text(std::string_view key, std::string& value) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_string()) return refuse(key, unfit(*json, "text"));
  value = json->get<std::string>();
}

void RecordReader::number(std::string_view key, double& value) {
  std::optional<double> read;
  number(key, read);
  if (read) value = *read;
}

void RecordReader::number(std::string_view key, std::optional<double>& value) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_number()) return refuse(key, unfit(*json, "a number"));
  value = json->get<double>();
}

void RecordReader::integer(std::string_view key, int& value) {
  std::optional<int> read;
  integer(key, read);
  if (read) value = *read;
}

void RecordReader::integer(std::string_view key, std::optional<int>& value) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_number_integer()) return refuse(key, unfit(*json, "an integer"));
  const auto wide = json->get<std::int64_t>();
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    return refuse(key, unfit(*json, "an integer of 32 bits"));
  }
  value = static_cast<int>(wide);
}

void RecordReader::boolean(std::string_view key, bool& value) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_boolean()) return refuse(key, unfit(*json, "true or false"));
  value = json->get<bool>();
}

void RecordReader::texts(std::string_view key, std::vector<std::string>& values) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_array()) return refuse(key, unfit(*json, "a list of texts"));
  for (const auto& item : *json) {
    if (!item.is_string()) return refuse(key, unfit(item, "a list of texts"));
    values.push_back(item.get<std::string>());
  }
}

void RecordReader::text_map(std::string_view key, std::map<std::string, std::string>& values) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_object()) return refuse(key, unfit(*json, "an object of texts"));
  for (const auto& [name, item] : json->items()) {
    if (!item.is_string()) return refuse(key, unfit(item, "an object of texts"));
    values[name] = item.get<std::string>();
  }
}

void RecordReader::number_map(std::string_view key, std::map<std::string, double>& values) {
  const auto* json = member(key);
  if (json == nullptr) return;
  if (!json->is_object()) return refuse(key, unfit(*json, "an object of numbers"));
  for (const auto& [name, item] : json->items()) {
    if (!item.is_number()) return refuse(key, unfit(item, "an object of numbers"));
    values[name] = item.get<double>();
  }
}

void RecordReader::points(std::string_view key, std::vector<space::Point>& values) {
  for (const auto* json : objects_of(key)) {
    auto point = space::point_from_json(*json);
    if (!point) return refuse(key, point.error().message);
    values.push_back(std::move(*point));
  }
}

std::vector<const base::Json*> RecordReader::objects_of(std::string_view key) {
  std::vector<const base::Json*> objects;
  const auto* json = member(key);
  if (json == nullptr) return objects;
  if (!json->is_array()) {
    refuse(key, unfit(*json, "a list of objects"));
    return objects;
  }
  for (const auto& item : *json) {
    if (item.is_object()) {
      objects.push_back(&item);
    } else {
      refuse(key, unfit(item, "a list of objects"));
    }
  }
  return objects;
}

}  // namespace autotuner::tuning
