#include "store/dialect.hpp"

#include <cstring>

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace autotuner::store::dialect {
namespace {

constexpr int busy_wait_ms = 30'000;

sqlite_api::sqlite3* handle(soci::session& sql) {
  return static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
}

/// Connection strings quote with '"' and know no escape.
std::unique_ptr<soci::session> open(const std::string& path) {
  if (path.find('"') != std::string::npos) {
    throw soci::soci_error("the path of a database must not contain a double quote");
  }
  return std::make_unique<soci::session>(*soci::factory_sqlite3(), "dbname=\"" + path + "\"");
}

std::string single_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

std::string reason_of(int code, soci::session* sql) {
  const int system_error = sql == nullptr ? 0 : sqlite_api::sqlite3_system_errno(handle(*sql));
  const std::string system_text = system_error == 0 ? "" : fmt::format(" ({})", std::strerror(system_error));
  switch (code) {
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_IOERR:
      return "the disk refused the read or write" + system_text;
    case SQLITE_READONLY:
      return "the file or its folder can't be written to" + system_text;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "access is not permitted" + system_text;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format("another process has held it locked for {} s", busy_wait_ms / 1000);
    case SQLITE_CANTOPEN:
      return "the file can't be opened" + system_text;
    case SQLITE_CORRUPT:
      return "the file is damaged";
    case SQLITE_NOTADB:
      return "the file is no SQLite database";
    case SQLITE_NOMEM:
      return "there is no memory left";
    default:
      return {};
  }
}

}  // namespace

std::unique_ptr<soci::session> connect(const std::string& path, Access access) {
  auto sql = open(path);
  sqlite_api::sqlite3_busy_timeout(handle(*sql), busy_wait_ms);
  if (access == Access::read_write) run_script(*sql, "PRAGMA journal_mode = WAL");
  // A cache of 512 KiB: rows are written once and read at the end, so the usual 2 MB hold what nobody asks
  // for.
  run_script(*sql, "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -512");
  if (access == Access::read_only) run_script(*sql, "PRAGMA query_only = ON");
  return sql;
}

std::unique_ptr<soci::session> connect_to_memory() {
  return open(":memory:");
}

void begin_write(soci::session& sql) {
  run_script(sql, "BEGIN IMMEDIATE");
}
void begin_read(soci::session& sql) {
  run_script(sql, "BEGIN");
}
void commit(soci::session& sql) {
  run_script(sql, "COMMIT");
}

void roll_back(soci::session& sql) noexcept {
  // Some failures have ended the transaction already; a second ROLLBACK would be an error of its own.
  if (sqlite_api::sqlite3_get_autocommit(handle(sql)) != 0) return;
  sqlite_api::sqlite3_exec(handle(sql), "ROLLBACK", nullptr, nullptr, nullptr);
}

void run_script(soci::session& sql, std::string_view script) {
  const int code =
      sqlite_api::sqlite3_exec(handle(sql), std::string(script).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw soci::sqlite3_soci_error(sqlite_api::sqlite3_errmsg(handle(sql)), code);
}

int schema_version(soci::session& sql) {
  int version = 0;
  sql << "PRAGMA user_version", soci::into(version);
  return version;
}

void set_schema_version(soci::session& sql, int version) {
  run_script(sql, fmt::format("PRAGMA user_version = {}", version));
}

std::vector<std::string> table_names(soci::session& sql) {
  std::vector<std::string> names;
  std::string name;
  soci::statement query = (sql.prepare << "SELECT name FROM sqlite_master WHERE type = 'table' "
                                          "AND name NOT LIKE 'sqlite_%' ORDER BY name",
                           soci::into(name));
  query.execute();
  while (query.fetch()) names.push_back(name);
  return names;
}

std::vector<ColumnInfo> columns(soci::session& sql, const std::string& table) {
  std::vector<ColumnInfo> found;
  ColumnInfo column;
  int not_null = 0;
  soci::indicator has_default = soci::i_null;
  soci::statement query =
      (sql.prepare << "SELECT name, type, dflt_value, \"notnull\" FROM pragma_table_info(:t) ORDER BY cid",
       soci::use(table), soci::into(column.name), soci::into(column.type),
       soci::into(column.default_text, has_default), soci::into(not_null));
  query.execute();
  while (query.fetch()) {
    if (has_default == soci::i_null) column.default_text.clear();
    column.not_null = not_null != 0;
    found.push_back(column);
  }
  return found;
}

std::string added_column(const ColumnInfo& column) {
  const auto& text = column.default_text;
  const bool constant = !text.empty() && !text.starts_with('(') && !text.starts_with("CURRENT_");
  std::string words = fmt::format("\"{}\" {}", column.name, column.type);
  if (constant) words += " DEFAULT " + text;
  if (constant && column.not_null) words += " NOT NULL";
  return words;
}

void back_up(soci::session& sql, const std::string& target) {
  run_script(sql, "VACUUM INTO " + single_quoted(target));
}

base::Error explain(const std::exception& problem, soci::session* sql, std::string_view doing,
                    std::string_view path) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&problem);
  if (sqlite == nullptr) {
    const bool from_database = dynamic_cast<const soci::soci_error*>(&problem) != nullptr;
    return {from_database ? base::ErrorKind::unavailable : base::ErrorKind::internal,
            fmt::format("can't {} in {}: {}", doing, path, problem.what())};
  }
  const int code = sqlite->result() & 0xff;
  if (const auto reason = reason_of(code, sql); !reason.empty()) {
    return {base::ErrorKind::unavailable,
            fmt::format("can't {} in {}: {}; what was stored before is kept", doing, path, reason)};
  }
  return {base::ErrorKind::internal, fmt::format("can't {} in {}: {}", doing, path, problem.what())};
}

}  // namespace autotuner::store::dialect
