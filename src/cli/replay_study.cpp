#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cli/replay.hpp"

namespace autotuner::cli {
namespace {

/// The values of the parameters whose change needs a restart.
std::string server_part(const TuningTable& table, const space::Point& point) {
  space::Point part;
  for (const auto& knob : table.space.problem.knobs) {
    const auto* value = point.find(knob.name);
    if (knob.scope == search::Scope::server && value != nullptr) part.set(knob.name, *value);
  }
  return space::identity(part);
}

}  // namespace

ReplayedStudy replay_study(const TuningTable& table, const search::Blueprint& blueprint, std::uint64_t seed) {
  using Clock = std::chrono::steady_clock;
  const auto& problem = table.space.problem;
  search::Study study(blueprint.strategy(seed), problem);
  ReplayedStudy result;
  result.seed = seed;
  std::unordered_map<std::size_t, std::uint64_t> visits;
  double best_seen = -1;
  double best_truth = 0;
  double spent = 0;
  std::string running;
  const auto budget = static_cast<std::size_t>(table.budgets.back());
  for (std::size_t trial = 0; trial < budget; ++trial) {
    search::Suggestion suggestion;
    if (trial == 0 && table.space.engine_default) {
      suggestion.point = *table.space.engine_default;
      suggestion.reason = "the engine's default";
    } else {
      const auto started = Clock::now();
      auto asked = study.ask(1);
      const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
      result.ask_seconds += seconds;
      result.slowest_ask_seconds = std::max(result.slowest_ask_seconds, seconds);
      ++result.asks;
      if (asked.empty()) {
        result.trace.resize(budget, best_truth);
        result.spent_seconds.resize(budget, spent);
        break;
      }
      suggestion = std::move(asked.front());
    }
    const auto found = table.row_of.find(space::identity(suggestion.point));
    search::Report report;
    report.point = suggestion.point;
    double score = 0;
    double truth = 0;
    if (found != table.row_of.end()) {
      const auto visit = visits[found->second]++;
      result.repeats += visit > 0 ? 1 : 0;
      report = observe(table, found->second, seed, visit);
      const auto& row = table.rows[found->second];
      const auto server = server_part(table, suggestion.point);
      const bool fresh = server != running;
      result.restarts += fresh ? 1 : 0;
      if (table.has_costs) {
        report.start_seconds = fresh ? row.start_seconds : 0;
        report.bench_seconds = row.bench_seconds;
      }
      spent += report.start_seconds + report.bench_seconds;
      running = report.failure == search::Failure::none ? server : "";
      truth = row.truth;
    } else {
      report.failure = search::Failure::invalid;
      ++result.violations;
    }
    if (report.failure == search::Failure::none)
      score = search::soft_score(*problem.objective, problem.slos, report.metrics).value_or(0);
    else
      ++result.crashes;
    if (score > best_seen) {
      best_seen = score;
      best_truth = truth / table.best;
    }
    result.trace.push_back(best_truth);
    result.spent_seconds.push_back(spent);
    result.log.push_back(
        fmt::format("{:3} {:.3f} {:.3f} {} | {} | {}", trial + 1, truth / table.best, best_truth,
                    found != table.row_of.end() ? table.rows[found->second].status : "violation",
                    space::to_text(suggestion.point), suggestion.reason));
    study.tell(report);
  }
  return result;
}

}  // namespace autotuner::cli
