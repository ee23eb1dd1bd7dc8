#include "metrics/json_fields.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

namespace autotuner::metrics {

int count_at(const base::Json& object, std::string_view key) {
  const double value = base::number_at(object, key).value_or(0);
  return std::abs(value) < 1e9 ? static_cast<int>(value) : 0;
}

bool flag_at(const base::Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace autotuner::metrics
