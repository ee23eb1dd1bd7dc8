#pragma once

#include <string>

#include "base/async.hpp"
#include "tuning/ports/task_store.hpp"
#include "tuning/run.hpp"

namespace autotuner::tuning {

/// The rows of a run in memory and in the store. In memory finished rows keep only what the search goes by;
/// the whole run is read back at its end. All that it is made of must outlive it.
class RunLedger {
 public:
  RunLedger(TaskStore& store, Run& run) : store_(store), run_(run) {}

  /// Inserts or replaces the row of that number.
  void put(const Experiment& experiment);
  /// Stores a row that was put, with the checkpoint document (empty = as it was), and puts away its details
  /// when it is finished. Errors: as TaskStore::save.
  base::Awaitable<base::Result<void>> save(const Experiment& experiment, std::string checkpoint);
  /// For the finished rows of a run that was taken up.
  void put_away_finished();
  /// Fills the rows again. Errors: as TaskStore::find; the rows then stay as they are.
  base::Awaitable<base::Result<void>> take_back();

 private:
  void put_away(Experiment& experiment) const;

  TaskStore& store_;
  Run& run_;
};

}  // namespace autotuner::tuning
