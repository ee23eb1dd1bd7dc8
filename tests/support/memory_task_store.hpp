#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tuning/ports/task_store.hpp"

namespace autotuner::test {

/// A TaskStore that lives as long as the object. Obeys the same contract suite as the SQL one.
class MemoryTaskStore final : public tuning::TaskStore {
 public:
  base::Awaitable<base::Result<void>> open_run(tuning::Run& run) override {
    const std::scoped_lock lock(mutex_);
    if (auto refused = refusal()) co_return *refused;
    auto& entry = entries_[run.task.name];
    const bool fresh = entry.run.task_id == 0;
    run.task_id = fresh ? ++last_id_ : entry.run.task_id;
    run.run = fresh ? 1 : entry.run.run + 1;
    run.state = tuning::TaskState::running;
    if (!fresh) run.created_at = entry.run.created_at;
    entry.run = run;
    entry.run.experiments.clear();
    entry.checkpoint.clear();
    entry.opened = ++openings_;
    co_return base::Result<void>{};
  }

  base::Awaitable<base::Result<tuning::Run>> find(std::string task_name) override {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(task_name);
    if (found == entries_.end())
      co_return base::fail(base::ErrorKind::not_found, "Task '{}' not found", task_name);
    co_return found->second.run;
  }

  base::Awaitable<base::Result<tuning::Run>> latest() override {
    const std::scoped_lock lock(mutex_);
    const auto last = std::ranges::max_element(entries_, {}, [](const auto& e) { return e.second.opened; });
    if (last == entries_.end()) co_return base::fail(base::ErrorKind::not_found, "no task has been run yet");
    co_return last->second.run;
  }

  base::Awaitable<base::Result<std::vector<tuning::Run>>> finished(engine::RuntimeId runtime,
                                                                   int most) override {
    const std::scoped_lock lock(mutex_);
    std::vector<const Entry*> entries;
    for (const auto& [name, entry] : entries_) {
      const bool over =
          entry.run.state != tuning::TaskState::running && entry.run.state != tuning::TaskState::pending;
      if (over && entry.run.task.runtime == runtime) entries.push_back(&entry);
    }
    std::ranges::sort(entries, std::greater{},
                      [](const Entry* e) { return std::pair(e->run.started_at, e->run.task_id); });
    std::vector<tuning::Run> runs;
    for (const auto* entry : entries) {
      if (runs.size() < static_cast<std::size_t>(std::max(most, 0))) runs.push_back(entry->run);
    }
    co_return runs;
  }

  /// The task is gone, as when its row is deleted.
  void forget(const std::string& task_name) {
    const std::scoped_lock lock(mutex_);
    entries_.erase(task_name);
  }

  base::Awaitable<base::Result<std::vector<tuning::TaskHead>>> list() override {
    const std::scoped_lock lock(mutex_);
    std::vector<tuning::TaskHead> heads;
    for (const auto& [name, entry] : entries_) heads.push_back(head_of(name, entry.run));
    std::ranges::sort(heads, std::greater{},
                      [](const tuning::TaskHead& h) { return std::pair(h.created_at, h.id); });
    co_return heads;
  }

  base::Awaitable<base::Result<void>> save(const tuning::Run& run, const tuning::Experiment& experiment,
                                           std::string checkpoint) override {
    const std::scoped_lock lock(mutex_);
    if (auto refused = refusal()) co_return *refused;
    auto entry = current(run);
    if (!entry) co_return tl::unexpected(entry.error());
    copy_head(run, (*entry)->run);
    auto& rows = (*entry)->run.experiments;
    const auto at = std::ranges::lower_bound(rows, experiment.number, {}, &tuning::Experiment::number);
    if (at != rows.end() && at->number == experiment.number) {
      *at = experiment;
    } else {
      rows.insert(at, experiment);
    }
    if (!checkpoint.empty()) (*entry)->checkpoint = std::move(checkpoint);
    co_return base::Result<void>{};
  }

  base::Awaitable<base::Result<void>> finish(const tuning::Run& run, std::string checkpoint) override {
    const std::scoped_lock lock(mutex_);
    if (auto refused = refusal()) co_return *refused;
    auto entry = current(run);
    if (!entry) co_return tl::unexpected(entry.error());
    copy_head(run, (*entry)->run);
    if (!checkpoint.empty()) (*entry)->checkpoint = std::move(checkpoint);
    co_return base::Result<void>{};
  }

  /// The last checkpoint document of a task, empty when there is none.
  base::Awaitable<base::Result<std::string>> checkpoint(std::string task_name) {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(task_name);
    if (found == entries_.end())
      co_return base::fail(base::ErrorKind::not_found, "Task '{}' not found", task_name);
    co_return found->second.checkpoint;
  }

  /// Every write fails with this from now on, as on a full disk; an empty text ends it.
  void refuse_writes(std::string message) {
    const std::scoped_lock lock(mutex_);
    refuse_ = std::move(message);
  }

 private:
  struct Entry {
    tuning::Run run;
    std::string checkpoint;
    int opened = 0;
  };

  static tuning::TaskHead head_of(const std::string& name, const tuning::Run& run) {
    const auto counted = [](const tuning::Experiment& e) { return e.number > 0; };
    const auto good = [](const tuning::Experiment& e) {
      return e.number > 0 && e.status == tuning::ExperimentStatus::success;
    };
    return {.id = run.task_id,
            .name = name,
            .state = run.state,
            .created_at = run.created_at,
            .experiments = static_cast<int>(std::ranges::count_if(run.experiments, counted)),
            .successful = static_cast<int>(std::ranges::count_if(run.experiments, good))};
  }

  static void copy_head(const tuning::Run& from, tuning::Run& to) {
    auto experiments = std::move(to.experiments);
    to = from;
    to.experiments = std::move(experiments);
  }

  std::optional<tl::unexpected<base::Error>> refusal() const {
    if (refuse_.empty()) return std::nullopt;
    return base::fail(base::ErrorKind::unavailable, "{}", refuse_);
  }

  base::Result<Entry*> current(const tuning::Run& run) {
    const auto found = entries_.find(run.task.name);
    if (found == entries_.end() || found->second.run.task_id != run.task_id) {
      return base::fail(base::ErrorKind::not_found, "Task '{}' not found", run.task.name);
    }
    if (found->second.run.run != run.run) {
      return base::fail(base::ErrorKind::conflict,
                        "run {} of task '{}' is no longer its current run (that is {})", run.run,
                        run.task.name, found->second.run.run);
    }
    return &found->second;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::int64_t last_id_ = 0;
  int openings_ = 0;
  std::string refuse_;
};

}  // namespace autotuner::test
