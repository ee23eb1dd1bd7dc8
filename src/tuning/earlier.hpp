#pragma once

#include <span>
#include <string>
#include <vector>

#include "search/strategy.hpp"
#include "spec/task.hpp"
#include "tuning/premises.hpp"
#include "tuning/run.hpp"

/// What a new task may learn from earlier ones. Their numbers are no measurement of it; how they differ from
/// point to point tells where to begin.
namespace autotuner::tuning {

/// Newest runs that are looked at; of those alike so many tasks and trials are started from.
inline constexpr int most_looked_at = 20;
inline constexpr std::size_t most_earlier_tasks = 3;
inline constexpr std::size_t most_earlier_trials = 200;

/// Whether the task may start from this run: the same engine and GPU; the same model, or one of the same
/// architecture and of at most twice or at least half the parameters; every scenario has one there with at
/// most twice or at least half the tokens, and the levels overlap.
bool is_alike(const Run& earlier, const spec::Task& task, const Premises& premises);

/// Of `runs`, newest first, those that are alike and have at least search::fewest_past_trials successes that
/// tell of the task's space. Trials are scored by the task's own goal. What ran out of memory with the same
/// model and no lighter load is known to do so, under the engine's version that is named with it.
/// `per_gpu` as is_per_gpu.
std::vector<EarlierTask> earlier_tasks(const spec::Task& task, const Premises& premises, bool per_gpu,
                                       std::span<const Run> runs);

/// As the search learns from them, task after task.
std::vector<search::PastTrial> past_trials(const Premises& premises);

/// Those that hold for this version of the engine, with numbers below 0: they inform and cost no iteration.
std::vector<search::Trial> known_failures(const Premises& premises, const std::string& engine_version);

/// "starts from 2 earlier tasks on NVIDIA L4: chat-a (12 trials, same model and load), chat-b (30 trials,
/// model Llama-3.1-8B, other load)"; empty = from none.
std::string starting_words(const Premises& premises);

}  // namespace autotuner::tuning
