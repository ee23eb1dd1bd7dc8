#include "store/experiment_row.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::store {
namespace {

using base::Json;

/// How a member of the experiment's record is written in its column.
enum class Form { text, enum_name, time, json, integer, boolean, real };

struct RecordColumn {
  std::string_view member;
  std::string_view column;
  Form form;
};

constexpr std::array<RecordColumn, 19> record_columns = {{
    {"experiment_id", "experiment_id", Form::integer},
    {"parameters", "parameters", Form::json},
    {"status", "status", Form::enum_name},
    {"error_message", "error_message", Form::text},
    {"metrics", "metrics", Form::json},
    {"objective_score", "objective_score", Form::real},
    {"gpu_info", "gpu_info", Form::json},
    {"endpoint", "service_url", Form::text},
    {"created_at", "created_at", Form::time},
    {"started_at", "started_at", Form::time},
    {"completed_at", "completed_at", Form::time},
    {"elapsed_time", "elapsed_time", Form::real},
    {"slo_violation", "slo_violation", Form::boolean},
    {"slo", "slo", Form::text},
    {"objective_value", "objective_value", Form::real},
    {"penalty", "penalty", Form::real},
    {"error_code", "error_code", Form::text},
    {"error_class", "error_class", Form::text},
    {"simulated", "simulated", Form::boolean},
}};

CellType cell_type(Form form) {
  switch (form) {
    case Form::text:
    case Form::enum_name:
    case Form::time:
    case Form::json:
      return CellType::text;
    case Form::integer:
    case Form::boolean:
      return CellType::integer;
    case Form::real:
      return CellType::real;
  }
  return CellType::text;
}

Cell to_cell(Form form, const Json& value) {
  if (value.is_null()) return {};
  switch (form) {
    case Form::text:
      return value.get<std::string>();
    case Form::enum_name:
      return enum_cell(value.get<std::string>());
    case Form::time:
      return to_sql_time(value.get<std::string>());
    case Form::json:
      return json_cell(value);
    case Form::integer:
      return value.get<std::int64_t>();
    case Form::boolean:
      return std::int64_t{value.get<bool>() ? 1 : 0};
    case Form::real:
      return real_cell(value.get<double>());
  }
  return {};
}

Json text_or_null(const Cells& row, std::string_view column) {
  const auto found = row.find(column);
  const auto* text = found == row.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text == nullptr ? Json(nullptr) : Json(*text);
}

Json from_cell(Form form, const Cells& row, std::string_view column) {
  switch (form) {
    case Form::text:
      return text_or_null(row, column);
    case Form::enum_name:
      return base::to_lower(text_in(row, column));
    case Form::time:
      return to_iso_time(text_in(row, column));
    case Form::json:
      return json_in(row, column);
    case Form::integer: {
      const auto value = integer_in(row, column);
      return value ? Json(*value) : Json(nullptr);
    }
    case Form::boolean:
      return integer_in(row, column).value_or(0) != 0;
    case Form::real:
      return base::number_or_null(real_in(row, column));
  }
  return nullptr;
}

}  // namespace

std::span<const ColumnOf> experiment_columns() {
  static const auto columns = [] {
    std::vector<ColumnOf> all;
    for (const auto& c : record_columns) all.push_back({c.column, cell_type(c.form)});
    all.push_back({"details", CellType::text});
    return all;
  }();
  return columns;
}

Cells row_of_experiment(const tuning::Experiment& experiment, std::int64_t task_id, int run,
                        const Secrets& secrets) {
  auto record = without_secrets(tuning::to_json(experiment), secrets);
  Cells row = {{"task_id", task_id}, {"run", std::int64_t{run}}};
  for (const auto& c : record_columns) {
    row[std::string(c.column)] = to_cell(c.form, record[c.member]);
    record.erase(std::string(c.member));
  }
  row["details"] = json_cell(record);
  return row;
}

base::Result<tuning::Experiment> experiment_of_row(const Cells& row) {
  auto record = json_in(row, "details");
  if (!record.is_object()) record = Json::object();
  for (const auto& c : record_columns) record[c.member] = from_cell(c.form, row, c.column);
  // Rows of other programs may leave these open.
  if (text_in(row, "status").empty()) record["status"] = "pending";
  if (!record["parameters"].is_object()) record["parameters"] = Json::object();
  return tuning::experiment_from_json(record);
}

}  // namespace autotuner::store
