#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace soci {
class session;  // NOLINT(readability-identifier-naming): the library's own name
}

namespace autotuner::store {

/// What stands in one column of one row.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
/// A row, or the part of it that is written or was asked for, by column name.
using Cells = std::map<std::string, Cell, std::less<>>;

enum class CellType { integer, real, text };
struct ColumnOf {
  std::string_view name;
  CellType type;
};

/// Null and absent alike are nothing; so are reals that are not finite.
std::optional<std::int64_t> integer_in(const Cells& cells, std::string_view column);
std::optional<double> real_in(const Cells& cells, std::string_view column);
std::string text_in(const Cells& cells, std::string_view column);
/// The JSON of a text column. SQL null, the text `null` and what can't be read are null; text that is itself
/// JSON is read once more; the literals Infinity and NaN read as null.
base::Json json_in(const Cells& cells, std::string_view column);

/// Text, or null when it is empty.
Cell text_cell(std::string text);
/// Compact JSON text, or null for JSON null.
Cell json_cell(const base::Json& json);
Cell real_cell(std::optional<double> value);
/// The name of an enum as rows have it: "pending" is PENDING.
Cell enum_cell(std::string_view word);

/// A time between its ISO form and "YYYY-MM-DD HH:MM:SS.ffffff" (UTC); anything else stays as it is.
std::string to_sql_time(std::string_view iso);
std::string to_iso_time(std::string_view sql);

/// All of these throw what SOCI throws. Names of tables and columns are ours and are not quoted.
std::int64_t insert(soci::session& sql, std::string_view table, const Cells& cells);
/// Returns how many rows were changed. `where` uses :a0, :a1, ... for `arguments`.
std::int64_t update(soci::session& sql, std::string_view table, const Cells& cells, std::string_view where,
                    std::span<const Cell> arguments);
/// Inserts, or updates the row that equals in the columns `key`.
void upsert(soci::session& sql, std::string_view table, const Cells& cells, std::string_view key);
/// Hands over row by row. `tail` is all behind SELECT <columns>.
void select_each(soci::session& sql, std::span<const ColumnOf> columns, std::string_view tail,
                 std::span<const Cell> arguments, const std::function<void(Cells)>& take);
/// All rows at once.
std::vector<Cells> select(soci::session& sql, std::span<const ColumnOf> columns, std::string_view tail,
                          std::span<const Cell> arguments);

}  // namespace autotuner::store
