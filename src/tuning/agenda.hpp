#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "engine/resolve.hpp"
#include "search/strategy.hpp"
#include "tuning/run.hpp"

namespace autotuner::tuning {

/// What a run still has to measure, in this order: rows that a crash or a stop cut off, the engine's
/// defaults, the points that the strategy suggests, repeats of the best or their race. Reads the run, never
/// changes it.
class Agenda {
 public:
  /// `run` must outlive the agenda. Tells the strategy what is measured already. Errors: as make_strategy.
  static base::Result<std::unique_ptr<Agenda>> make(const Run& run, engine::Setting setting,
                                                    const search::Problem& problem, bool baseline,
                                                    const base::Clock& clock);

  /// Nothing = the search is over; stop_reason() says why.
  std::optional<Experiment> next();
  const std::string& stop_reason() const { return stop_reason_; }
  /// What the strategy says of it, for people; empty = nothing.
  const std::string& stop_words() const { return stop_words_; }
  /// After the search: nothing = no repeat is owed.
  std::optional<Experiment> next_repeat() const;
  /// After the search: nothing = the race is over, or there is none.
  std::optional<Experiment> next_heat();
  /// Experiments in all, the baseline not counted.
  std::uint64_t planned() const;

  /// True when the experiment resolves to the baseline's flags: then it has its result and is not run again.
  bool copies_baseline(Experiment& experiment) const;
  /// Tells the strategy of a row, once it is in the run.
  void record(const Experiment& experiment);

  const search::Strategy& strategy() const { return *strategy_; }
  const engine::Setting& setting() const { return setting_; }

 private:
  Agenda(const Run& run, engine::Setting setting, bool baseline, const base::Clock& clock);
  void take_up();
  std::optional<Experiment> next_suggestion();
  Experiment fresh(int number) const;
  int next_number() const;
  std::optional<search::Trial> told(const Experiment& experiment) const;
  void tell_known_failures(const Experiment& experiment);

  const Run& run_;
  const engine::Setting setting_;
  const bool baseline_;
  std::optional<space::Point> baseline_in_space_;  ///< as the strategy can learn from it
  const base::Clock& clock_;
  std::unique_ptr<search::Strategy> strategy_;
  std::deque<Experiment> cut_off_;
  bool told_known_failures_ = false;
  std::string stop_reason_;
  std::string stop_words_;
};

}  // namespace autotuner::tuning
