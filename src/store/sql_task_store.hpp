#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/log.hpp"
#include "tuning/ports/task_store.hpp"

namespace autotuner::store {

class Database;
class TaskRows;

/// Tasks in an SQLite file. Each call is one transaction, run on the pool; several processes may share the
/// file.
class SqlTaskStore final : public tuning::TaskStore {
 public:
  /// Creates what is missing (folder, file with mode 0600, tables) and brings older schemas up to date after
  /// copying the file. Blocks. `pool` must outlive the store. Errors: unavailable with path and reason.
  static base::Result<std::unique_ptr<SqlTaskStore>> open(const std::string& path,
                                                          base::asio::thread_pool& pool,
                                                          const base::Logger& logger);
  ~SqlTaskStore() override;

  base::Awaitable<base::Result<void>> open_run(tuning::Run& run) override;
  base::Awaitable<base::Result<tuning::Run>> find(std::string task_name) override;
  base::Awaitable<base::Result<tuning::Run>> latest() override;
  base::Awaitable<base::Result<std::vector<tuning::Run>>> finished(engine::RuntimeId runtime,
                                                                   int most) override;
  base::Awaitable<base::Result<std::vector<tuning::TaskHead>>> list() override;
  base::Awaitable<base::Result<void>> save(const tuning::Run& run, const tuning::Experiment& experiment,
                                           std::string checkpoint) override;
  base::Awaitable<base::Result<void>> finish(const tuning::Run& run, std::string checkpoint) override;

  /// The last checkpoint document of a task, empty when there is none. Errors: not_found.
  base::Awaitable<base::Result<std::string>> checkpoint(std::string task_name);

 private:
  SqlTaskStore(std::unique_ptr<Database> database, base::asio::thread_pool& pool);

  std::unique_ptr<Database> database_;
  std::unique_ptr<TaskRows> rows_;
  base::asio::thread_pool& pool_;
};

}  // namespace autotuner::store
