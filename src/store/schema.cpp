#include "store/schema.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <soci/soci.h>
#include <spdlog/spdlog.h>

#include "store/dialect.hpp"
#include "store/migrations.hpp"

namespace autotuner::store {
namespace {

namespace fs = std::filesystem;

std::string free_backup_path(const std::string& path, int version) {
  const auto wanted = fmt::format("{}.backup-v{}", path, version);
  auto candidate = wanted;
  for (int n = 2; fs::exists(candidate); ++n) candidate = fmt::format("{}.{}", wanted, n);
  return candidate;
}

void back_up(soci::session& sql, const std::string& path, int version, const base::Logger& logger) {
  const auto target = free_backup_path(path, version);
  dialect::back_up(sql, target);
  fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write);
  logger->info("{} gets a newer schema; the copy from before is {}", path, target);
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

void add_missing_columns(soci::session& sql, soci::session& wanted, const std::string& table) {
  const auto present = dialect::columns(sql, table);
  for (const auto& column : dialect::columns(wanted, table)) {
    if (std::ranges::find(present, column.name, &dialect::ColumnInfo::name) != present.end()) continue;
    dialect::run_script(sql,
                        fmt::format("ALTER TABLE {} ADD COLUMN {}", table, dialect::added_column(column)));
  }
}

/// The reference knows no runs and may hold one experiment several times; the newest row is the one that
/// counts, older ones get run 0, -1, ...: kept, but in nobody's way.
void settle_reference_rows(soci::session& sql) {
  dialect::run_script(sql, R"sql(
    UPDATE experiments SET run = 1 - (
      SELECT COUNT(*) FROM experiments AS newer
      WHERE newer.task_id = experiments.task_id AND newer.experiment_id = experiments.experiment_id
        AND newer.id > experiments.id);
    UPDATE tasks SET run = 1 WHERE EXISTS (SELECT 1 FROM experiments WHERE experiments.task_id = tasks.id);
    UPDATE experiments SET slo_violation = 0 WHERE slo_violation IS NULL;
  )sql");
}

/// Before a step runs: tables that it makes, but which are there already, get the columns it would have
/// given.
void complete_foreign_tables(soci::session& sql, soci::session& before, soci::session& after) {
  const auto known = dialect::table_names(before);
  const auto present = dialect::table_names(sql);
  for (const auto& table : dialect::table_names(after)) {
    if (has(known, table) || !has(present, table)) continue;
    add_missing_columns(sql, after, table);
    if (table == "experiments") settle_reference_rows(sql);
  }
}

void apply(soci::session& sql, int from) {
  const auto before = dialect::connect_to_memory();
  const auto after = dialect::connect_to_memory();
  for (const auto& step : migrations()) {
    dialect::run_script(*after, step.sql);
    if (step.number > from) {
      complete_foreign_tables(sql, *before, *after);
      dialect::run_script(sql, step.sql);
      dialect::set_schema_version(sql, step.number);
    }
    dialect::run_script(*before, step.sql);
  }
}

}  // namespace

base::Result<void> migrate(soci::session& sql, const std::string& path, const base::Logger& logger) {
  const int newest = migrations().back().number;
  const int version = dialect::schema_version(sql);
  if (version > newest) {
    return base::fail(base::ErrorKind::unavailable,
                      "{} has schema version {}; this program knows versions up to {}: use a newer autotuner",
                      path, version, newest);
  }
  if (version == newest) return {};
  if (!dialect::table_names(sql).empty()) back_up(sql, path, version, logger);
  dialect::begin_write(sql);
  try {
    apply(sql, dialect::schema_version(sql));
    dialect::commit(sql);
  } catch (...) {
    dialect::roll_back(sql);
    throw;
  }
  return {};
}

}  // namespace autotuner::store
