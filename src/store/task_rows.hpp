#pragma once

#include <string>
#include <vector>

#include "store/database.hpp"
#include "tuning/ports/task_store.hpp"

namespace autotuner::store {

/// The SQL behind a TaskStore: blocking, one transaction per call. Errors as the port says.
class TaskRows {
 public:
  /// `database` must outlive this.
  explicit TaskRows(Database& database) : database_(database) {}

  base::Result<void> open_run(tuning::Run& run);
  base::Result<tuning::Run> find(const std::string& task_name);
  base::Result<tuning::Run> latest();
  base::Result<std::vector<tuning::Run>> finished(engine::RuntimeId runtime, int most);
  base::Result<std::vector<tuning::TaskHead>> list();
  base::Result<void> save(const tuning::Run& run, const tuning::Experiment& experiment,
                          const std::string& checkpoint);
  base::Result<void> finish(const tuning::Run& run, const std::string& checkpoint);
  base::Result<std::string> checkpoint(const std::string& task_name);

 private:
  Database& database_;
};

}  // namespace autotuner::store
