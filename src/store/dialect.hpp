#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace soci {
class session;  // NOLINT(readability-identifier-naming): the library's own name
}

/// All that differs between databases, for SQLite. The rest of the store speaks plain SQL; these functions
/// are what another database needs its own version of. They throw what SOCI throws.
namespace autotuner::store::dialect {

enum class Access { read_only, read_write };

/// A connection with the house's settings: write-ahead log, waits up to 30 s for another writer, syncs at
/// checkpoints, foreign keys enforced. The file must exist.
std::unique_ptr<soci::session> connect(const std::string& path, Access access);
/// An empty database that lives in memory.
std::unique_ptr<soci::session> connect_to_memory();

/// Starts a transaction that no other writer can be inside at the same time.
void begin_write(soci::session& sql);
void begin_read(soci::session& sql);
void commit(soci::session& sql);
/// Ends the transaction if one is open; never throws.
void roll_back(soci::session& sql) noexcept;

/// Runs several statements separated by semicolons.
void run_script(soci::session& sql, std::string_view script);

int schema_version(soci::session& sql);
void set_schema_version(soci::session& sql, int version);

struct ColumnInfo {
  std::string name;
  std::string type;
  std::string default_text;  ///< SQL; empty = none
  bool not_null = false;
};
std::vector<std::string> table_names(soci::session& sql);
std::vector<ColumnInfo> columns(soci::session& sql, const std::string& table);
/// A column in the words of ALTER TABLE ... ADD COLUMN; defaults that may not stand there are left out.
std::string added_column(const ColumnInfo& column);

/// Writes a consistent copy of the whole database to a file that must not exist.
void back_up(soci::session& sql, const std::string& target);

/// What a caught exception means for whoever asked for `doing`: "save experiment 3 of task 'x'". Kind
/// unavailable for all that the disk, the file or another process can cause.
base::Error explain(const std::exception& problem, soci::session* sql, std::string_view doing,
                    std::string_view path);

}  // namespace autotuner::store::dialect
