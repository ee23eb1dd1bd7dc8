#include "store/cells.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <soci/soci.h>

namespace autotuner::store {
namespace {

/// Values handed to a statement: their addresses stay the same until it has run.
class Bindings {
 public:
  void add(soci::statement& statement, const std::string& name, const Cell& cell) {
    auto& indicator = indicators_.emplace_back(soci::i_ok);
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
      statement.exchange(soci::use(*integer, indicator, name));
    } else if (const auto* real = std::get_if<double>(&cell)) {
      statement.exchange(soci::use(*real, indicator, name));
    } else if (const auto* text = std::get_if<std::string>(&cell)) {
      statement.exchange(soci::use(*text, indicator, name));
    } else {
      indicator = soci::i_null;
      statement.exchange(soci::use(nothing_, indicator, name));
    }
  }

 private:
  std::deque<soci::indicator> indicators_;
  const std::string nothing_;
};

struct Target {
  soci::indicator indicator = soci::i_null;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;

  Cell cell(CellType type) const {
    if (indicator == soci::i_null) return {};
    switch (type) {
      case CellType::integer:
        return integer;
      case CellType::real:
        return real;
      case CellType::text:
        return text;
    }
    return {};
  }
};

void fetch_into(soci::statement& statement, CellType type, Target& target) {
  switch (type) {
    case CellType::integer:
      return statement.exchange(soci::into(target.integer, target.indicator));
    case CellType::real:
      return statement.exchange(soci::into(target.real, target.indicator));
    case CellType::text:
      return statement.exchange(soci::into(target.text, target.indicator));
  }
}

void bind_all(soci::statement& statement, Bindings& bindings, const Cells& cells) {
  for (const auto& [name, cell] : cells) bindings.add(statement, name, cell);
}

void bind_all(soci::statement& statement, Bindings& bindings, std::span<const Cell> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    bindings.add(statement, fmt::format("a{}", i), arguments[i]);
  }
}

std::string listed(const Cells& cells, std::string_view before_name, std::string_view format_value) {
  std::string list;
  for (const auto& [name, cell] : cells) {
    if (!list.empty()) list += ", ";
    list += before_name;
    list += name;
    if (!format_value.empty()) list += fmt::format(fmt::runtime(format_value), name);
  }
  return list;
}

std::string insertion(std::string_view table, const Cells& cells) {
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, listed(cells, "", ""), listed(cells, ":", ""));
}

const Cell* cell_in(const Cells& cells, std::string_view column) {
  const auto found = cells.find(column);
  return found == cells.end() ? nullptr : &found->second;
}

/// Python writes numbers that JSON lacks as bare words.
std::string without_bare_words(std::string_view text) {
  constexpr std::string_view words[] = {"-Infinity", "Infinity", "NaN"};
  std::string clean;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\' && i + 1 < text.size()) {
      clean += text[i++];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      const auto rest = text.substr(i);
      const auto* word = std::ranges::find_if(words, [&](auto w) { return rest.starts_with(w); });
      if (word != std::end(words)) {
        clean += "null";
        i += word->size() - 1;
        continue;
      }
    }
    clean += text[i];
  }
  return clean;
}

base::Json lenient_json(const std::string& text) {
  auto parsed = base::parse_json(text);
  if (!parsed) parsed = base::parse_json(without_bare_words(text));
  return parsed ? std::move(*parsed) : base::Json(nullptr);
}

bool looks_like_time(std::string_view text) {
  constexpr std::string_view pattern = "dddd-dd-dd?dd:dd:dd";
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == 'd' ? !digit : pattern[i] != '?' && text[i] != pattern[i]) return false;
  }
  return text[10] == 'T' || text[10] == ' ';
}

/// The six digits behind the seconds, or nothing when something else stands there.
std::optional<std::string> fraction_of(std::string_view rest) {
  if (rest.ends_with('Z')) rest.remove_suffix(1);
  if (rest.empty()) return "000000";
  if (rest.front() != '.' || rest.size() > 7) return std::nullopt;
  rest.remove_prefix(1);
  for (const char c : rest) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  return std::string(rest) + std::string(6 - rest.size(), '0');
}

}  // namespace

std::optional<std::int64_t> integer_in(const Cells& cells, std::string_view column) {
  const auto* cell = cell_in(cells, column);
  const auto* value = cell == nullptr ? nullptr : std::get_if<std::int64_t>(cell);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<double> real_in(const Cells& cells, std::string_view column) {
  const auto* cell = cell_in(cells, column);
  const auto* value = cell == nullptr ? nullptr : std::get_if<double>(cell);
  return value == nullptr || !std::isfinite(*value) ? std::nullopt : std::optional(*value);
}

std::string text_in(const Cells& cells, std::string_view column) {
  const auto* cell = cell_in(cells, column);
  const auto* value = cell == nullptr ? nullptr : std::get_if<std::string>(cell);
  return value == nullptr ? std::string() : *value;
}

base::Json json_in(const Cells& cells, std::string_view column) {
  const auto text = text_in(cells, column);
  if (text.empty()) return nullptr;
  auto json = lenient_json(text);
  if (json.is_string()) json = lenient_json(json.get<std::string>());
  return json;
}

Cell text_cell(std::string text) {
  return text.empty() ? Cell() : Cell(std::move(text));
}
Cell json_cell(const base::Json& json) {
  return json.is_null() ? Cell() : Cell(base::to_compact_text(json));
}
Cell real_cell(std::optional<double> value) {
  return value && std::isfinite(*value) ? Cell(*value) : Cell();
}

Cell enum_cell(std::string_view word) {
  std::string name(word);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

std::string to_sql_time(std::string_view iso) {
  if (!looks_like_time(iso) || !iso.ends_with('Z')) return std::string(iso);
  const auto fraction = fraction_of(iso.substr(19));
  if (!fraction) return std::string(iso);
  return fmt::format("{} {}.{}", iso.substr(0, 10), iso.substr(11, 8), *fraction);
}

std::string to_iso_time(std::string_view sql) {
  if (!looks_like_time(sql)) return std::string(sql);
  const auto fraction = fraction_of(sql.substr(19));
  if (!fraction) return std::string(sql);
  const auto behind = *fraction == "000000" ? std::string("Z") : "." + *fraction + "Z";
  return fmt::format("{}T{}{}", sql.substr(0, 10), sql.substr(11, 8), behind);
}

std::int64_t insert(soci::session& sql, std::string_view table, const Cells& cells) {
  Bindings bindings;
  std::int64_t id = 0;
  soci::statement statement(sql);
  bind_all(statement, bindings, cells);
  statement.exchange(soci::into(id));
  statement.alloc();
  statement.prepare(insertion(table, cells) + " RETURNING id");
  statement.define_and_bind();
  statement.execute(true);
  return id;
}

std::int64_t update(soci::session& sql, std::string_view table, const Cells& cells, std::string_view where,
                    std::span<const Cell> arguments) {
  Bindings bindings;
  soci::statement statement(sql);
  bind_all(statement, bindings, cells);
  bind_all(statement, bindings, arguments);
  statement.alloc();
  statement.prepare(fmt::format("UPDATE {} SET {} WHERE {}", table, listed(cells, "", " = :{}"), where));
  statement.define_and_bind();
  statement.execute(true);
  return statement.get_affected_rows();
}

void upsert(soci::session& sql, std::string_view table, const Cells& cells, std::string_view key) {
  Bindings bindings;
  soci::statement statement(sql);
  bind_all(statement, bindings, cells);
  statement.alloc();
  statement.prepare(fmt::format("{} ON CONFLICT ({}) DO UPDATE SET {}", insertion(table, cells), key,
                                listed(cells, "", " = excluded.{}")));
  statement.define_and_bind();
  statement.execute(true);
}

void select_each(soci::session& sql, std::span<const ColumnOf> columns, std::string_view tail,
                 std::span<const Cell> arguments, const std::function<void(Cells)>& take) {
  Bindings bindings;
  std::vector<Target> targets(columns.size());
  soci::statement statement(sql);
  bind_all(statement, bindings, arguments);
  std::string names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names += (i == 0 ? "" : ", ") + std::string(columns[i].name);
    fetch_into(statement, columns[i].type, targets[i]);
  }
  statement.alloc();
  statement.prepare(fmt::format("SELECT {} {}", names, tail));
  statement.define_and_bind();
  statement.execute();
  while (statement.fetch()) {
    Cells row;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.emplace(std::string(columns[i].name), targets[i].cell(columns[i].type));
    }
    take(std::move(row));
  }
}

std::vector<Cells> select(soci::session& sql, std::span<const ColumnOf> columns, std::string_view tail,
                          std::span<const Cell> arguments) {
  std::vector<Cells> rows;
  select_each(sql, columns, tail, arguments, [&rows](Cells row) { rows.push_back(std::move(row)); });
  return rows;
}

}  // namespace autotuner::store
