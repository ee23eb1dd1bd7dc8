#include "store/stored_run.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "spec/load_task.hpp"
#include "store/experiment_row.hpp"
#include "store/run_metadata.hpp"
#include "store/secrets.hpp"
#include "store/task_document.hpp"

namespace autotuner::store {
namespace {

using base::Json;

const std::vector<ColumnOf>& task_columns() {
  static const auto columns = [] {
    std::vector<ColumnOf> all = {{"id", CellType::integer},
                                 {"status", CellType::text},
                                 {"metadata", CellType::text},
                                 {"extra", CellType::text},
                                 {"created_at", CellType::text},
                                 {"started_at", CellType::text},
                                 {"completed_at", CellType::text},
                                 {"elapsed_time", CellType::real},
                                 {"run", CellType::integer},
                                 {"planned_experiments", CellType::integer},
                                 {"error_message", CellType::text},
                                 {"stop_reason", CellType::text},
                                 {"total_experiments", CellType::integer}};
    for (const auto& column : document_columns) all.push_back({column.column, CellType::text});
    return all;
  }();
  return columns;
}

std::string time_in(const Cells& cells, std::string_view column) {
  return to_iso_time(text_in(cells, column));
}

/// The document as it was given: the mode only where the user had set it.
Json document_of(const Cells& task, const Json& metadata) {
  auto document = document_of_cells(task);
  const auto given = metadata.is_object() ? metadata.find("mode_in_document") : metadata.end();
  if (given != metadata.end() && *given == false) document.erase("deployment_mode");
  return document;
}

base::Result<spec::Task> task_of(const Cells& cells, const Json& metadata, const Secrets& secrets) {
  const auto document = with_secrets(document_of(cells, metadata), secrets);
  auto loaded = spec::load_task(base::to_compact_text(document), spec::Format::json);
  if (loaded.task) return std::move(*loaded.task);
  std::string problems;
  for (const auto& problem : loaded.problems) {
    if (problem.severity != spec::Severity::error) continue;
    problems += fmt::format("{}{}: {}", problems.empty() ? "" : "; ", problem.path, problem.message);
  }
  return base::invalid_input("the stored document of task '{}' can't be used: {}",
                             text_in(cells, "task_name"), problems);
}

}  // namespace

std::optional<StoredRun> read_stored_run(soci::session& sql, std::string_view tail,
                                         std::span<const Cell> arguments) {
  auto tasks = select(sql, task_columns(), fmt::format("FROM tasks {}", tail), arguments);
  if (tasks.empty()) return std::nullopt;
  StoredRun stored{.task = std::move(tasks.front()), .secrets = {}, .experiments = {}, .unreadable = {}};
  const std::array<Cell, 2> of_run = {stored.task.at("id"), integer_in(stored.task, "run").value_or(0)};
  constexpr std::array<ColumnOf, 1> secret_columns = {{{"secrets", CellType::text}}};
  auto secrets =
      select(sql, secret_columns, "FROM task_secrets WHERE task_id = :a0", std::span(of_run).first(1));
  if (!secrets.empty()) stored.secrets = std::move(secrets.front());
  // A row takes as much memory as its experiment: thousands must not stand in memory beside theirs.
  select_each(sql, experiment_columns(),
              "FROM experiments WHERE task_id = :a0 AND run = :a1 ORDER BY experiment_id", of_run,
              [&stored](const Cells& row) {
                if (stored.unreadable) return;
                auto experiment = experiment_of_row(row);
                if (experiment) {
                  stored.experiments.push_back(std::move(*experiment));
                } else {
                  stored.unreadable = experiment.error();
                }
              });
  return stored;
}

base::Result<tuning::Run> run_of(StoredRun stored) {
  const auto metadata = json_in(stored.task, "metadata");
  auto task = task_of(stored.task, metadata, secrets_from_json(json_in(stored.secrets, "secrets")));
  if (!task) return tl::unexpected(task.error());
  tuning::Run run;
  run.task = std::move(*task);
  run.task_id = integer_in(stored.task, "id").value_or(0);
  run.run = static_cast<int>(integer_in(stored.task, "run").value_or(0));
  run.state =
      tuning::task_state_from_text(text_in(stored.task, "status")).value_or(tuning::TaskState::pending);
  run.planned = static_cast<std::uint64_t>(integer_in(stored.task, "planned_experiments").value_or(0));
  run.stop_reason = text_in(stored.task, "stop_reason");
  run.error_message = text_in(stored.task, "error_message");
  run.created_at = time_in(stored.task, "created_at");
  run.started_at = time_in(stored.task, "started_at");
  run.completed_at = time_in(stored.task, "completed_at");
  run.elapsed = real_in(stored.task, "elapsed_time").value_or(0);
  if (run.task.deployment_mode) run.mode = *run.task.deployment_mode;
  read_run(metadata, run);
  if (stored.unreadable)
    return base::invalid_input("task '{}': {}", run.task.name, stored.unreadable->message);
  run.experiments = std::move(stored.experiments);
  for (auto& experiment : run.experiments) restore_secrets(experiment, run.task);
  return run;
}

}  // namespace autotuner::store
