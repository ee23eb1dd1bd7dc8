#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/aggregate.hpp"
#include "metrics/choice.hpp"
#include "report/frontier.hpp"
#include "report/importance.hpp"
#include "tuning/race.hpp"
#include "tuning/run.hpp"

/// A run turned into its answer: which configuration to ship, why, and how sure that is. One answer for
/// terminal, files and pages.
namespace autotuner::report {

/// An experiment at one operating point.
struct Shown {
  int number = 0;
  metrics::OperatingPoint point;
  metrics::Metrics at;                   ///< metrics of that point alone
  std::string metric;                    ///< registry name of the objective's metric
  std::optional<double> value;           ///< of that metric at that point
  metrics::SloResult slo;                ///< limits held against that point
  std::optional<double> delta_baseline;  ///< fraction, positive = better
  std::string not_comparable;            ///< why there is no delta; empty otherwise
  metrics::Trust trust = metrics::Trust::valid;
};

/// A flag that differs from the baseline.
struct Change {
  std::string parameter;
  std::string value;         ///< "not set" when only the baseline sets it
  std::string default_text;  ///< the baseline's value, else what is known of the engine's default
  bool default_known = true;
};

/// What the same trials answer when only one thing counts.
struct Alternative {
  metrics::Objective objective;
  int number = 0;
  metrics::OperatingPoint point;
  std::string metric;
  double value = 0;
};

/// Failures of one cause.
struct FailureGroup {
  std::string cls;
  std::string code;
  std::vector<int> experiments;
  std::string first_error;                                  ///< of the earliest of them
  std::vector<std::pair<std::string, std::string>> common;  ///< parameters all of them share, others don't
};

enum class State { none, running, ok, slo_missed, failed };
const char* to_text(State state);

struct Answer {
  State state = State::none;
  std::string sentence;              ///< "Ship #14: 3,937 tokens/s/GPU at concurrency 64, ..."
  std::vector<std::string> further;  ///< more sentences: noise, a better single point, quality, invalid runs
  metrics::Choice choice;
  std::optional<Shown> best;  ///< or the nearest miss when nothing meets the limits
  std::vector<Shown> other_scenarios;
  std::optional<Shown> runner_up;
  std::optional<double> runner_up_gap;  ///< fraction the runner-up is behind
  std::optional<Shown> baseline;
  std::optional<tuning::Race> race;  ///< the final one; figures above are its means once a round is whole
  std::vector<Change> changes;
  std::string confidence;  ///< "measured once, not repeated", "mean of 3 runs, 95 % between ..."
  std::vector<Alternative> alternatives;
  std::vector<FailureGroup> failures;
  std::vector<MetricImportance> importance;  ///< the objective's first; empty with fewer than 10 successes
  std::optional<Frontier> frontier;          ///< of a task with several objectives
  std::vector<std::string> what_would_help;  ///< when the limits can't be met
  bool simulated = false;
  bool meets_limits = false;
};

Answer answer(const tuning::Run& run);

/// The experiment at its shown operating point (first scenario), or nothing without metrics.
std::optional<Shown> shown(const tuning::Run& run, const tuning::Experiment& experiment);

/// The objective's metric of an experiment at an operating point; nothing when it was not measured there.
std::optional<double> value_at(const tuning::Run& run, const tuning::Experiment& experiment,
                               const metrics::OperatingPoint& point);

/// "#14", "#0 (engine defaults)".
std::string name_of(int number);

}  // namespace autotuner::report
