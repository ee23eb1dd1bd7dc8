#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/resolve.hpp"
#include "search/strategy.hpp"
#include "spec/task.hpp"
#include "tuning/experiment.hpp"
#include "tuning/run.hpp"

/// What follows from a task before anything is started: pure, shared by the loop and by `plan`.
namespace autotuner::tuning {

/// What resolving the task's points needs to know.
engine::Setting setting_of(const spec::Task& task, int host_gpus);

/// Experiment budget: `timeout_per_iteration`, raised to 900 s (1200 s on several GPUs) when the engine
/// compiles its kernels at start, which takes 10 to 20 minutes.
std::chrono::duration<double> budget_of(const spec::Task& task, const engine::Resolved& resolved);

/// True for a real engine started as a process on a host without GPUs: it has the cores to compute on,
/// whatever its flags say about GPUs.
bool computes_on_cores(const spec::Task& task, const engine::Setting& setting, spec::DeploymentMode mode);

/// True when every point that may run has at least one GPU: then all throughput figures of the task are per
/// GPU. One basis for all points, or more GPUs would always win.
bool is_per_gpu(const spec::Task& task, const engine::Setting& setting, spec::DeploymentMode mode);

/// The experiment as the strategy sees it.
search::Trial trial_of(const Experiment& experiment);

/// True for rows the strategy is told about: neither the baseline nor a repeat.
bool is_search_row(const Experiment& experiment);

/// True for a row that a resumed run has to measure again: cut off, or cancelled.
bool is_unfinished(const Experiment& experiment);

/// Whether the last `patience` finished search rows brought no improvement of at least `min_improvement`.
bool is_out_of_patience(const Run& run);

/// The best search points that `repeat_best` still owes a measurement, in the order in which they are due.
std::vector<int> due_repeats(const Run& run);

/// {iteration, best_score, best_experiment_id, strategy_state, timestamp} as JSON text.
std::string checkpoint_of(const Run& run, const search::Strategy& strategy, const std::string& timestamp,
                          bool lists);

/// The task's search options with the seed of the run.
search::Options search_options(const spec::Task& task, std::uint64_t seed);

/// A task document without what a resumed run may change (the number of experiments and time limits): two
/// documents with equal keys can share a run.
std::string resume_key(const spec::Task& task);

}  // namespace autotuner::tuning
