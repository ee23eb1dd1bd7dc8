#include "tuning/run_ledger.hpp"

#include <algorithm>

namespace autotuner::tuning {

void RunLedger::put(const Experiment& experiment) {
  const auto place = std::ranges::lower_bound(run_.experiments, experiment.number, {}, &Experiment::number);
  if (place != run_.experiments.end() && place->number == experiment.number) {
    *place = experiment;
  } else {
    run_.experiments.insert(place, experiment);
  }
}

base::Awaitable<base::Result<void>> RunLedger::save(const Experiment& experiment, std::string checkpoint) {
  auto stored = co_await store_.save(run_, experiment, std::move(checkpoint));
  if (stored && experiment.terminal())
    put_away(*std::ranges::find(run_.experiments, experiment.number, &Experiment::number));
  co_return stored;
}

void RunLedger::put_away(Experiment& experiment) const {
  // A point that starts the engine as its defaults do takes the whole record of the baseline, and short looks
  // are held against the levels of earlier experiments.
  if (experiment.number == 0 || run_.task.running.short_look) return;
  put_away_details(experiment);
}

void RunLedger::put_away_finished() {
  for (auto& experiment : run_.experiments) {
    if (experiment.terminal()) put_away(experiment);
  }
}

base::Awaitable<base::Result<void>> RunLedger::take_back() {
  if (std::ranges::none_of(run_.experiments, &Experiment::is_put_away)) co_return base::Result<void>{};
  auto stored = co_await store_.find(run_.task.name);
  if (!stored) co_return tl::unexpected(stored.error());
  for (auto& experiment : stored->experiments) {
    const auto mine = std::ranges::find(run_.experiments, experiment.number, &Experiment::number);
    if (mine != run_.experiments.end() && mine->is_put_away) take_back_details(*mine, std::move(experiment));
  }
  co_return base::Result<void>{};
}

}  // namespace autotuner::tuning
