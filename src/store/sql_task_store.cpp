#include "store/sql_task_store.hpp"

#include "store/database.hpp"
#include "store/task_rows.hpp"

namespace autotuner::store {

base::Result<std::unique_ptr<SqlTaskStore>> SqlTaskStore::open(const std::string& path,
                                                               base::asio::thread_pool& pool,
                                                               const base::Logger& logger) {
  auto database = Database::open(path, logger);
  if (!database) return tl::unexpected(database.error());
  return std::unique_ptr<SqlTaskStore>(new SqlTaskStore(std::move(*database), pool));
}

SqlTaskStore::SqlTaskStore(std::unique_ptr<Database> database, base::asio::thread_pool& pool)
    : database_(std::move(database)), rows_(std::make_unique<TaskRows>(*database_)), pool_(pool) {}

SqlTaskStore::~SqlTaskStore() = default;

base::Awaitable<base::Result<void>> SqlTaskStore::open_run(tuning::Run& run) {
  co_return co_await base::run_blocking(pool_, [this, &run] { return rows_->open_run(run); });
}

base::Awaitable<base::Result<tuning::Run>> SqlTaskStore::find(std::string task_name) {
  co_return co_await base::run_blocking(pool_, [this, &task_name] { return rows_->find(task_name); });
}

base::Awaitable<base::Result<tuning::Run>> SqlTaskStore::latest() {
  co_return co_await base::run_blocking(pool_, [this] { return rows_->latest(); });
}

base::Awaitable<base::Result<std::vector<tuning::Run>>> SqlTaskStore::finished(engine::RuntimeId runtime,
                                                                               int most) {
  co_return co_await base::run_blocking(pool_,
                                        [this, runtime, most] { return rows_->finished(runtime, most); });
}

base::Awaitable<base::Result<std::vector<tuning::TaskHead>>> SqlTaskStore::list() {
  co_return co_await base::run_blocking(pool_, [this] { return rows_->list(); });
}

base::Awaitable<base::Result<void>> SqlTaskStore::save(const tuning::Run& run,
                                                       const tuning::Experiment& experiment,
                                                       std::string checkpoint) {
  co_return co_await base::run_blocking(
      pool_, [this, &run, &experiment, &checkpoint] { return rows_->save(run, experiment, checkpoint); });
}

base::Awaitable<base::Result<void>> SqlTaskStore::finish(const tuning::Run& run, std::string checkpoint) {
  co_return co_await base::run_blocking(pool_,
                                        [this, &run, &checkpoint] { return rows_->finish(run, checkpoint); });
}

base::Awaitable<base::Result<std::string>> SqlTaskStore::checkpoint(std::string task_name) {
  co_return co_await base::run_blocking(pool_, [this, &task_name] { return rows_->checkpoint(task_name); });
}

}  // namespace autotuner::store
