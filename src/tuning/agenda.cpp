#include "tuning/agenda.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tuning/earlier.hpp"
#include "tuning/outline.hpp"
#include "tuning/race.hpp"

namespace autotuner::tuning {
namespace {

/// The other strategies do as their models in the literature: they know only what they suggested.
bool learns_from_baseline(const spec::Task& task) {
  return task.search.kind == search::Kind::gp || task.search.kind == search::Kind::forest;
}

}  // namespace

base::Result<std::unique_ptr<Agenda>> Agenda::make(const Run& run, engine::Setting setting,
                                                   const search::Problem& problem, bool baseline,
                                                   const base::Clock& clock) {
  std::unique_ptr<Agenda> agenda(new Agenda(run, std::move(setting), baseline, clock));
  auto strategy = search::make_strategy(run.task.space, engine::point_rules(agenda->setting_),
                                        search_options(run.task, run.seed), problem);
  if (!strategy) return tl::unexpected(strategy.error());
  agenda->strategy_ = std::move(*strategy);
  agenda->take_up();
  return agenda;
}

Agenda::Agenda(const Run& run, engine::Setting setting, bool baseline, const base::Clock& clock)
    : run_(run),
      setting_(std::move(setting)),
      baseline_(baseline),
      baseline_in_space_(learns_from_baseline(run.task) ? engine::baseline_in_space(run.task.space, setting_)
                                                        : std::nullopt),
      clock_(clock) {}

/// What the strategy hears of a row: search rows as they are, the baseline as the point of the space that it
/// is, if there is one; nothing of repeats.
std::optional<search::Trial> Agenda::told(const Experiment& experiment) const {
  if (is_search_row(experiment)) return trial_of(experiment);
  if (experiment.number != 0 || is_unfinished(experiment) || !baseline_in_space_) return std::nullopt;
  auto trial = trial_of(experiment);
  trial.point = *baseline_in_space_;
  return trial;
}

/// Takes up a stored run where it ended.
void Agenda::take_up() {
  std::vector<search::Trial> log;
  for (const auto& experiment : run_.experiments) {
    if (auto trial = told(experiment)) log.push_back(std::move(*trial));
    tell_known_failures(experiment);
    if (!is_unfinished(experiment)) continue;
    auto again = fresh(experiment.number);
    again.parameters = experiment.parameters;
    again.covers = experiment.covers;
    again.reason = experiment.reason;
    again.phase_of_search = experiment.phase_of_search;
    again.repeat_of = experiment.repeat_of;
    again.attempt = experiment.attempt + 1;
    cut_off_.push_back(std::move(again));
  }
  strategy_->record(log);
}

std::uint64_t Agenda::planned() const {
  auto planned = strategy_->planned();
  if (run_.task.running.repeat_best) {
    const auto [points, times] = *run_.task.running.repeat_best;
    planned += std::min<std::uint64_t>(planned, static_cast<std::uint64_t>(points)) *
               static_cast<std::uint64_t>(times);
  }
  return planned + most_race_rows(run_.task, planned, baseline_);
}

Experiment Agenda::fresh(int number) const {
  Experiment experiment;
  experiment.number = number;
  experiment.status = ExperimentStatus::deploying;
  experiment.simulated = engine::runtime(run_.task.runtime).simulated;
  experiment.created_at = base::to_iso_text(clock_.system());
  return experiment;
}

int Agenda::next_number() const {
  int last = 0;
  for (const auto& experiment : run_.experiments) last = std::max(last, experiment.number);
  return last + 1;
}

std::optional<Experiment> Agenda::next() {
  if (!cut_off_.empty()) {
    auto experiment = std::move(cut_off_.front());
    cut_off_.pop_front();
    return experiment;
  }
  if (baseline_ && find(run_, 0) == nullptr) {
    auto experiment = fresh(0);
    experiment.parameters = engine::baseline_point(run_.task.space, setting_);
    experiment.phase_of_search = "baseline";
    experiment.reason = "baseline: the engine's defaults";
    return experiment;
  }
  if (is_out_of_patience(run_)) {
    stop_reason_ = "patience";
    return std::nullopt;
  }
  if (run_.task.running.stop_when_converged) {
    if (const auto advice = strategy_->stop_advice(); advice && advice->stop) {
      stop_reason_ = "converged";
      stop_words_ = advice->words;
      return std::nullopt;
    }
  }
  return next_suggestion();
}

std::optional<Experiment> Agenda::next_suggestion() {
  auto suggestions = strategy_->suggest(1);
  if (suggestions.empty()) {
    stop_reason_ = strategy_->stop_reason();
    return std::nullopt;
  }
  auto experiment = fresh(next_number());
  experiment.parameters = std::move(suggestions.front().point);
  experiment.covers = std::move(suggestions.front().covers);
  experiment.reason = std::move(suggestions.front().reason);
  experiment.phase_of_search = std::move(suggestions.front().phase);
  return experiment;
}

std::optional<Experiment> Agenda::next_repeat() const {
  const auto due = due_repeats(run_);
  if (due.empty()) return std::nullopt;
  const auto* original = find(run_, due.front());
  auto experiment = fresh(next_number());
  experiment.parameters = original->parameters;
  experiment.repeat_of = original->number;
  experiment.phase_of_search = "repeat";
  experiment.reason = fmt::format("repeat of trial {} to learn the noise", original->number);
  return experiment;
}

std::optional<Experiment> Agenda::next_heat() {
  // The search may have ended, for want of time, without asking for it.
  const auto cut_off = std::ranges::find(cut_off_, race_phase, &Experiment::phase_of_search);
  if (cut_off != cut_off_.end()) {
    auto experiment = std::move(*cut_off);
    cut_off_.erase(cut_off);
    return experiment;
  }
  const auto race = race_of(run_);
  const auto due = race ? due_heat(*race) : std::nullopt;
  if (!due) return std::nullopt;
  auto experiment = fresh(next_number());
  experiment.parameters = find(run_, due->number)->parameters;
  experiment.repeat_of = due->number;
  experiment.phase_of_search = race_phase;
  experiment.reason = due->reason;
  return experiment;
}

bool Agenda::copies_baseline(Experiment& experiment) const {
  const auto* baseline = find(run_, 0);
  if (baseline == nullptr || experiment.number == 0 || experiment.repeat_of || is_unfinished(*baseline))
    return false;
  if (run_.task.search.dedupe == space::Dedupe::none) return false;
  const auto rules = engine::point_rules(setting_);
  const bool runs = !rules.why_invalid(experiment.parameters) && !rules.why_invalid(baseline->parameters);
  if (!runs || rules.identity(experiment.parameters) != rules.identity(baseline->parameters)) return false;
  auto copy = *baseline;
  copy.number = experiment.number;
  copy.parameters = experiment.parameters;
  copy.covers = experiment.covers;
  copy.reason = experiment.reason + "; same flags as the baseline, not run again";
  copy.phase_of_search = experiment.phase_of_search;
  copy.created_at = copy.started_at = copy.completed_at = experiment.created_at;
  copy.elapsed = copy.deploy_s = copy.ready_s = copy.benchmark_s = 0;
  copy.phases.clear();
  copy.same_as = 0;
  experiment = std::move(copy);
  return true;
}

/// What earlier tasks ran out of memory with holds for one version of the engine, which the first row that
/// started tells.
void Agenda::tell_known_failures(const Experiment& experiment) {
  if (told_known_failures_ || !run_.premises || experiment.engine_version.empty()) return;
  told_known_failures_ = true;
  strategy_->record(known_failures(*run_.premises, experiment.engine_version));
}

void Agenda::record(const Experiment& experiment) {
  tell_known_failures(experiment);
  if (auto trial = told(experiment)) strategy_->record(std::vector{std::move(*trial)});
}

}  // namespace autotuner::tuning
