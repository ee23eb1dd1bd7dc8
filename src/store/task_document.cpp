#include "store/task_document.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace autotuner::store {
namespace {

using base::Json;

Cell cell_of(const DocumentColumn& column, const Json& value) {
  if (column.is_json) {
    if (value.is_null() && column.required) return std::string("{}");
    return json_cell(value);
  }
  auto text = value.is_string() ? value.get<std::string>() : std::string();
  return column.required ? Cell(std::move(text)) : text_cell(std::move(text));
}

}  // namespace

Cells cells_of_document(const Json& document) {
  Cells cells;
  for (const auto& column : document_columns) {
    const auto found = document.find(column.member);
    cells[std::string(column.column)] = cell_of(column, found == document.end() ? Json(nullptr) : *found);
  }
  Json extra = Json::object();
  for (const auto& [member, value] : document.items()) {
    const auto known = std::ranges::find(document_columns, member, &DocumentColumn::member);
    if (known == document_columns.end()) extra[member] = value;
  }
  cells["extra"] = json_cell(extra);
  return cells;
}

Json document_of_cells(const Cells& cells) {
  Json document = Json::object();
  for (const auto& column : document_columns) {
    auto value = column.is_json ? json_in(cells, column.column) : Json(text_in(cells, column.column));
    if (column.required && value.is_null()) value = Json::object();
    const bool empty_text = value.is_string() && value.get_ref<const std::string&>().empty();
    if (!value.is_null() && !empty_text) document[std::string(column.member)] = std::move(value);
  }
  const auto extra = json_in(cells, "extra");
  if (extra.is_object()) {
    for (const auto& [member, value] : extra.items()) {
      if (!value.is_null()) document[member] = value;
    }
  }
  return document;
}

}  // namespace autotuner::store
