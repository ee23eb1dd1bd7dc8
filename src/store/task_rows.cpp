#include "store/task_rows.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <nlohmann/json.hpp>
#include <soci/soci.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/runtime.hpp"
#include "store/cells.hpp"
#include "store/experiment_row.hpp"
#include "store/run_metadata.hpp"
#include "store/secrets.hpp"
#include "store/stored_run.hpp"
#include "store/task_document.hpp"

namespace autotuner::store {
namespace {

using base::ErrorKind;
using base::Json;

constexpr std::array<ColumnOf, 4> identity_columns = {{{"id", CellType::integer},
                                                       {"run", CellType::integer},
                                                       {"created_at", CellType::text},
                                                       {"metadata", CellType::text}}};

Cell whole(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}
Cell time_cell(const std::string& iso) {
  return text_cell(to_sql_time(iso));
}

/// The head of a run: what changes while it goes on.
Cells progress_cells(const tuning::Run& run) {
  return {{"status", enum_cell(tuning::to_text(run.state))}, {"planned_experiments", whole(run.planned)},
          {"stop_reason", text_cell(run.stop_reason)},       {"error_message", text_cell(run.error_message)},
          {"started_at", time_cell(run.started_at)},         {"completed_at", time_cell(run.completed_at)},
          {"elapsed_time", real_cell(run.elapsed)}};
}

std::int64_t count_rows(soci::session& sql, const tuning::Run& run, std::string_view condition) {
  constexpr std::array<ColumnOf, 1> count = {{{"COUNT(*)", CellType::integer}}};
  const auto tail = fmt::format(
      "FROM experiments WHERE task_id = :a0 AND run = :a1 AND experiment_id > 0 AND UPPER(status) {}",
      condition);
  const std::array<Cell, 2> arguments = {Cell(run.task_id), Cell(std::int64_t{run.run})};
  return integer_in(select(sql, count, tail, arguments).at(0), "COUNT(*)").value_or(0);
}

Cell row_id(soci::session& sql, const tuning::Run& run, std::optional<int> number) {
  if (!number) return {};
  constexpr std::array<ColumnOf, 1> id = {{{"id", CellType::integer}}};
  const std::array<Cell, 3> arguments = {Cell(run.task_id), Cell(std::int64_t{run.run}),
                                         Cell(std::int64_t{*number})};
  const auto rows = select(
      sql, id, "FROM experiments WHERE task_id = :a0 AND run = :a1 AND experiment_id = :a2", arguments);
  return rows.empty() ? Cell() : rows.front().at("id");
}

/// The best of the run's experiments once `changed` stands among them.
std::optional<int> best_number(const tuning::Run& run, const tuning::Experiment* changed) {
  auto rows = tuning::contenders(run);
  if (changed != nullptr) {
    std::erase_if(rows, [&](const metrics::Contender& row) { return row.number == changed->number; });
    if (changed->terminal() && !changed->same_as) {
      rows.push_back(tuning::contender(*changed, changed->number == 0 ? changed : tuning::find(run, 0)));
      std::ranges::sort(rows, {}, &metrics::Contender::number);
    }
  }
  return metrics::choose(rows, run.task.reference_compat || run.task.goal.reference_compat).best;
}

/// Counters and best experiment by what is stored now, in the transaction that stores it.
Cells total_cells(soci::session& sql, const tuning::Run& run, const tuning::Experiment* changed) {
  const auto executed = count_rows(sql, run, "IN ('SUCCESS', 'FAILED')");
  const bool running = run.state == tuning::TaskState::running || run.state == tuning::TaskState::pending;
  const auto planned = static_cast<std::int64_t>(run.planned);
  return {{"total_experiments", running ? std::max(planned, executed) : executed},
          {"successful_experiments", count_rows(sql, run, "= 'SUCCESS'")},
          {"best_experiment_id", row_id(sql, run, best_number(run, changed))}};
}

std::optional<Cells> find_identity(soci::session& sql, const std::string& task_name) {
  auto rows = select(sql, identity_columns, "FROM tasks WHERE task_name = :a0", std::array{Cell(task_name)});
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

/// The stored head of the run that is being written. Errors: not_found, conflict.
base::Result<Cells> current(soci::session& sql, const tuning::Run& run) {
  auto rows = select(sql, identity_columns, "FROM tasks WHERE id = :a0", std::array{Cell(run.task_id)});
  if (rows.empty()) return base::fail(ErrorKind::not_found, "Task '{}' not found", run.task.name);
  const auto stored = integer_in(rows.front(), "run").value_or(0);
  if (stored != run.run) {
    return base::fail(ErrorKind::conflict, "run {} of task '{}' is no longer its current run (that is {})",
                      run.run, run.task.name, stored);
  }
  return std::move(rows.front());
}

void write_secrets(soci::session& sql, std::int64_t task_id, const Secrets& secrets) {
  if (secrets.empty()) {
    sql << "DELETE FROM task_secrets WHERE task_id = :id", soci::use(task_id);
    return;
  }
  upsert(sql, "task_secrets", {{"task_id", task_id}, {"secrets", json_cell(to_json(secrets))}}, "task_id");
}

void write_progress(soci::session& sql, const tuning::Run& run, const tuning::Experiment* changed,
                    const Json& metadata) {
  auto cells = progress_cells(run);
  cells.merge(total_cells(sql, run, changed));
  cells["metadata"] = json_cell(metadata);
  update(sql, "tasks", cells, "id = :a0", std::array{Cell(run.task_id)});
  sql << "UPDATE tasks SET row_version = COALESCE(row_version, 0) + 1 WHERE id = :id", soci::use(run.task_id);
}

}  // namespace

base::Result<void> TaskRows::open_run(tuning::Run& run) {
  const auto document = base::parse_json(run.task.document);
  if (!document || !document->is_object()) {
    return base::invalid_input("task '{}' has no document to store: {}", run.task.name,
                               document ? "it must be a JSON object" : document.error().message);
  }
  const auto secrets = secrets_of(run.task);
  auto opened = run;
  opened.state = tuning::TaskState::running;
  if (opened.created_at.empty()) opened.created_at = base::to_iso_text(std::chrono::system_clock::now());
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    const auto stored = find_identity(sql, run.task.name);
    opened.run = stored ? static_cast<int>(integer_in(*stored, "run").value_or(0)) + 1 : 1;
    auto cells = cells_of_document(without_secrets(*document, secrets));
    cells["task_name"] = run.task.name;
    // Readers that know no other place look for the mode here, also when the document leaves it open.
    if (std::holds_alternative<std::monostate>(cells["deployment_mode"])) {
      cells["deployment_mode"] = std::string(spec::to_text(run.mode));
    }
    cells.merge(progress_cells(opened));
    cells["run"] = std::int64_t{opened.run};
    cells["total_experiments"] = whole(run.planned);
    cells["successful_experiments"] = std::int64_t{0};
    cells["best_experiment_id"] = Cell();
    auto metadata = without_checkpoint(stored ? json_in(*stored, "metadata") : Json(nullptr));
    metadata = with_run(std::move(metadata), opened);
    metadata["mode_in_document"] = document->contains("deployment_mode");
    cells["metadata"] = json_cell(metadata);
    if (stored) {
      opened.task_id = integer_in(*stored, "id").value_or(0);
      opened.created_at = to_iso_time(text_in(*stored, "created_at"));
      update(sql, "tasks", cells, "id = :a0", std::array{Cell(opened.task_id)});
    } else {
      cells["created_at"] = time_cell(opened.created_at);
      opened.task_id = insert(sql, "tasks", cells);
    }
    write_secrets(sql, opened.task_id, secrets);
    return {};
  };
  auto written = database_.write(fmt::format("open a run of task '{}'", run.task.name), work);
  if (!written) return written;
  run.task_id = opened.task_id;
  run.run = opened.run;
  run.state = opened.state;
  run.created_at = opened.created_at;
  return {};
}

base::Result<void> TaskRows::save(const tuning::Run& run, const tuning::Experiment& experiment,
                                  const std::string& checkpoint) {
  const auto secrets = secrets_of(run.task);
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    auto stored = current(sql, run);
    if (!stored) return tl::unexpected(stored.error());
    auto metadata = with_checkpoint(json_in(*stored, "metadata"), checkpoint, secrets);
    if (!metadata) return tl::unexpected(metadata.error());
    upsert(sql, "experiments", row_of_experiment(experiment, run.task_id, run.run, secrets),
           "task_id, run, experiment_id");
    write_progress(sql, run, &experiment, with_run(std::move(*metadata), run));
    return {};
  };
  return database_.write(fmt::format("save experiment {} of task '{}'", experiment.number, run.task.name),
                         work);
}

base::Result<void> TaskRows::finish(const tuning::Run& run, const std::string& checkpoint) {
  const auto secrets = secrets_of(run.task);
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    const auto stored = current(sql, run);
    if (!stored) return tl::unexpected(stored.error());
    auto metadata = with_checkpoint(json_in(*stored, "metadata"), checkpoint, secrets);
    if (!metadata) return tl::unexpected(metadata.error());
    write_progress(sql, run, nullptr, with_run(std::move(*metadata), run));
    return {};
  };
  return database_.write(fmt::format("finish task '{}'", run.task.name), work);
}

base::Result<tuning::Run> TaskRows::find(const std::string& task_name) {
  std::optional<StoredRun> stored;
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    stored = read_stored_run(sql, "WHERE task_name = :a0", std::array{Cell(task_name)});
    return {};
  };
  if (auto read = database_.read(fmt::format("read task '{}'", task_name), work); !read) {
    return tl::unexpected(read.error());
  }
  if (!stored) return base::fail(ErrorKind::not_found, "Task '{}' not found", task_name);
  return run_of(std::move(*stored));
}

base::Result<tuning::Run> TaskRows::latest() {
  std::optional<StoredRun> stored;
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    stored = read_stored_run(
        sql, "WHERE COALESCE(run, 0) > 0 ORDER BY COALESCE(started_at, created_at) DESC, id DESC LIMIT 1",
        {});
    return {};
  };
  if (auto read = database_.read("read the latest task", work); !read) return tl::unexpected(read.error());
  if (!stored)
    return base::fail(ErrorKind::not_found, "no task has been run yet (database {})", database_.path());
  return run_of(std::move(*stored));
}

base::Result<std::vector<tuning::Run>> TaskRows::finished(engine::RuntimeId runtime, int most) {
  constexpr std::array<ColumnOf, 2> columns = {{{"id", CellType::integer}, {"base_runtime", CellType::text}}};
  std::vector<StoredRun> found;
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    const auto heads =
        select(sql, columns,
               "FROM tasks WHERE COALESCE(run, 0) > 0 AND UPPER(status) IN ('COMPLETED', "
               "'CANCELLED', 'FAILED') ORDER BY COALESCE(started_at, created_at) DESC, id DESC",
               {});
    for (const auto& head : heads) {
      if (found.size() >= static_cast<std::size_t>(std::max(most, 0))) break;
      // An engine has many spellings, which its own table knows.
      const auto named = engine::find_runtime(text_in(head, "base_runtime"));
      if (!named || *named != runtime) continue;
      if (auto stored = read_stored_run(sql, "WHERE id = :a0", std::array{head.at("id")}))
        found.push_back(std::move(*stored));
    }
    return {};
  };
  if (auto read = database_.read("read the finished tasks", work); !read) return tl::unexpected(read.error());
  std::vector<tuning::Run> runs;
  for (auto& stored : found) {
    if (auto run = run_of(std::move(stored))) runs.push_back(std::move(*run));
  }
  return runs;
}

base::Result<std::vector<tuning::TaskHead>> TaskRows::list() {
  constexpr std::array<ColumnOf, 6> columns = {{{"id", CellType::integer},
                                                {"task_name", CellType::text},
                                                {"status", CellType::text},
                                                {"created_at", CellType::text},
                                                {"n.total", CellType::integer},
                                                {"n.good", CellType::integer}}};
  std::vector<tuning::TaskHead> heads;
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    const auto rows =
        select(sql, columns,
               "FROM tasks LEFT JOIN (SELECT task_id AS of_task, run AS of_run, COUNT(*) AS total, "
               "SUM(CASE WHEN UPPER(status) = 'SUCCESS' THEN 1 ELSE 0 END) AS good FROM experiments "
               "WHERE experiment_id > 0 GROUP BY task_id, run) AS n "
               "ON n.of_task = tasks.id AND n.of_run = tasks.run ORDER BY created_at DESC, id DESC",
               {});
    for (const auto& row : rows) {
      heads.push_back(
          {.id = integer_in(row, "id").value_or(0),
           .name = text_in(row, "task_name"),
           .state = tuning::task_state_from_text(text_in(row, "status")).value_or(tuning::TaskState::pending),
           .created_at = to_iso_time(text_in(row, "created_at")),
           .experiments = static_cast<int>(integer_in(row, "n.total").value_or(0)),
           .successful = static_cast<int>(integer_in(row, "n.good").value_or(0))});
    }
    return {};
  };
  if (auto read = database_.read("list the tasks", work); !read) return tl::unexpected(read.error());
  return heads;
}

base::Result<std::string> TaskRows::checkpoint(const std::string& task_name) {
  std::optional<Cells> stored;
  const auto work = [&](soci::session& sql) -> base::Result<void> {
    stored = find_identity(sql, task_name);
    return {};
  };
  if (auto read = database_.read(fmt::format("read task '{}'", task_name), work); !read) {
    return tl::unexpected(read.error());
  }
  if (!stored) return base::fail(ErrorKind::not_found, "Task '{}' not found", task_name);
  const auto metadata = json_in(*stored, "metadata");
  const auto found = metadata.find("checkpoint");
  return metadata.is_object() && found != metadata.end() ? base::to_compact_text(*found) : std::string();
}

}  // namespace autotuner::store
