#pragma once

#include <optional>
#include <string>

#include "metrics/estimate.hpp"
#include "tuning/run.hpp"

/// The short look: a share of the load that decides, on the running engine, whether the rest is worth
/// sending. Starting the engine is the dear part of a trial, so a trial is shortened, never replaced by a
/// cheaper one.
///
/// Figures are compared in logarithms, larger = worse: y = ln of what is minimised, -ln of what is maximised.
/// How far the look L is behind a configuration B that was measured whole is d = y_L - b - y_B. Its 95 %
/// interval comes from those of the two figures (Zou and Donner 2008): the lower bound is
///
///   d - sqrt((y_L - low(y_L))^2 + (high(y_B) - y_B)^2)
///
/// which is one-sided at 97.5 %. The trial ends after the look when that bound is above
/// ln(1 + worthwhile) + ln(1 + allowance): surely worse by more than anybody cares for, whatever else a short
/// window gets wrong.
///
/// b is what short windows are usually behind the whole load (the start of a level, its last requests, cold
/// caches): the median of y_look - y_whole over the trials of this run that went on, at least 0. Until one
/// went on nothing is known of that, and nothing is cut short. The allowance is for what the median leaves:
/// windows of one configuration differ by more than their intervals say.
namespace autotuner::tuning {

constexpr double look_worthwhile = 0.01;
constexpr double look_allowance = 0.05;

/// By how much one is worse than another: 0.3 = the other is 30 % better.
struct Lag {
  double share = 0;
  double low = 0;  ///< of the 95 % interval
  double high = 0;
};

/// `usual`: b of the formula. Nothing when a bound isn't above 0, so that nothing is known.
std::optional<Lag> lag_behind(const metrics::Estimate& look, const metrics::Estimate& whole, bool maximise,
                              double usual);
/// By the rule above.
bool is_surely_worse(const Lag& lag);

/// Whether the trial begins with a short look: a task that asks for it, a row of the search, and another row
/// to hold it against.
bool takes_short_look(const Run& run, const Experiment& experiment);

/// What a look measured of all that the goal reads, by metric, for Experiment::look.
std::map<std::string, double> figures_of(const metrics::Score& score);

/// Why the whole load need not be sent, for people; nothing = send it. `looked` holds the metrics and the
/// score of the look. A function of the records alone:
/// - surely worse than the best so far in the objective, penalties left aside (they only make it worse),
/// while
///   the best keeps all limits; of several objectives, surely worse in each than one row that keeps them;
/// - or surely beyond a limit that the best keeps, or beyond a hard limit: the bound of the metric that is on
///   the good side is out by more than the allowance. In a mean over levels, a look that left levels out is
///   not compared.
std::optional<std::string> why_cut_short(const Run& run, const Experiment& looked);

}  // namespace autotuner::tuning
