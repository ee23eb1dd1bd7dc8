#include "cli/past_study.hpp"

#include "cli/line_protocol.hpp"
#include "cli/prior.hpp"

namespace autotuner::cli {
namespace {

/// Seeds of replayed studies are small numbers; those of earlier ones must be others.
constexpr std::uint64_t other_seeds = 1'000'000;

}  // namespace

base::Result<PastStudy> read_past_study(const std::string& path, bool with_prior, bool flipped) {
  auto table = read_tuning_table(path);
  if (!table) return tl::unexpected(table.error());
  if (with_prior) add_prior(table->space);
  table->budgets = {past_trials};
  auto options = strategy_options("gp");
  if (!options) return tl::unexpected(options.error());
  options->horizon = past_trials;
  auto blueprint =
      search::Blueprint::make(table->space.space, table->space.rules, *options, table->space.problem);
  if (!blueprint) return tl::unexpected(blueprint.error());
  return PastStudy{std::move(*table), std::move(*blueprint), flipped};
}

std::vector<search::PastTrial> successes_of(const PastStudy& past, std::uint64_t seed) {
  std::vector<search::PastTrial> trials;
  const auto& prior = past.table.space.problem.prior;
  for (auto& report : replay_study(past.table, past.blueprint, other_seeds + seed).reports) {
    if (report.failure != search::Failure::none) continue;
    search::PastTrial trial{past.table.name, std::move(report.point), std::move(report.metrics)};
    if (past.flipped) {
      for (auto& [name, value] : trial.metrics) value = 1 / value;
    }
    if (const auto estimate = prior ? prior(trial.point) : std::nullopt) trial.expected = estimate->metrics;
    trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace autotuner::cli
