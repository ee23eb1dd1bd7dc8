#include "tuning/short_look.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "metrics/registry.hpp"
#include "tuning/outline.hpp"

namespace autotuner::tuning {
namespace {

struct Goalpost {
  std::string metric;
  bool maximise = true;
};

std::vector<Goalpost> goalposts_of(const metrics::Goal& goal, const metrics::Score& score) {
  std::vector<Goalpost> goalposts;
  goalposts.reserve(goal.objectives.size() + 1);
  for (const auto& wanted : goal.objectives) goalposts.push_back({wanted.metric, wanted.maximise});
  if (goalposts.empty()) goalposts.push_back({score.metric, metrics::is_maximised(goal.objective)});
  return goalposts;
}

std::optional<double> figure(const std::map<std::string, double>& figures, const std::string& metric) {
  const auto found = figures.find(metric);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

/// ln with larger = worse.
double badness(double value, bool maximise) {
  return maximise ? -std::log(value) : std::log(value);
}

bool is_whole(const Experiment& row) {
  return row.status == ExperimentStatus::success && row.fidelity >= 1 && row.metrics;
}

/// b: how far behind looks usually are; nothing before the first one that went on.
std::optional<double> usual_lag(const Run& run, const Goalpost& goalpost) {
  std::vector<double> lags;
  for (const auto& row : run.experiments) {
    if (!is_whole(row)) continue;
    const auto look = figure(row.look, goalpost.metric);
    const auto whole = figure(figures_of(row.score), goalpost.metric);
    if (!look || !whole || *look <= 0 || *whole <= 0) continue;
    lags.push_back(badness(*look, goalpost.maximise) - badness(*whole, goalpost.maximise));
  }
  if (lags.empty()) return std::nullopt;
  std::ranges::sort(lags);
  return std::max(0.0, metrics::percentile_of_sorted(lags, 0.5));
}

std::optional<metrics::Estimate> estimate_of(const Experiment& row, const metrics::Goal& goal,
                                             const std::string& metric) {
  const auto value = figure(figures_of(row.score), metric);
  if (!value) return std::nullopt;
  return metrics::estimate_of(*value, metric, metrics::scored_batches(*row.metrics, goal, row.score));
}

/// How far behind the row, in the objective in which the look is least behind; nothing when it isn't surely
/// worse in all of them.
std::optional<Lag> surely_behind(const Run& run, const Experiment& looked, const Experiment& row) {
  std::optional<Lag> least;
  const auto& goal = run.task.goal;
  for (const auto& goalpost : goalposts_of(goal, looked.score)) {
    const auto usual = usual_lag(run, goalpost);
    const auto look = estimate_of(looked, goal, goalpost.metric);
    const auto whole = estimate_of(row, goal, goalpost.metric);
    if (!usual || !look || !whole) return std::nullopt;
    const auto lag = lag_behind(*look, *whole, goalpost.maximise, *usual);
    if (!lag || !is_surely_worse(*lag)) return std::nullopt;
    if (!least || lag->share < least->share) least = lag;
  }
  return least;
}

std::optional<std::string> behind_words(const Run& run, const Experiment& looked, const Experiment& best) {
  const auto& goal = run.task.goal;
  if (goal.at.kind == metrics::BasisKind::mean && !looked.metrics->dropped.empty()) return std::nullopt;
  for (const auto& row : run.experiments) {
    if (!is_whole(row) || row.rank() != 0 || row.same_as) continue;
    // One score is held against the best alone; of several objectives any row may be ahead in all of them.
    if (goal.objectives.empty() && row.number != best.number) continue;
    if (const auto lag = surely_behind(run, looked, row)) {
      return fmt::format("{:.0f} % behind {} ({:.0f} to {:.0f} %)", lag->share * 100,
                         row.number == 0 ? "the defaults" : fmt::format("#{}", row.number), lag->low * 100,
                         lag->high * 100);
    }
  }
  return std::nullopt;
}

/// Beyond `limit` times the allowance even at the bound on its good side.
bool is_surely_beyond(const metrics::LimitCheck& check, double limit, double usual, double reach) {
  const bool floor = check.limit.is_minimum();
  if (floor && reach >= 1) return false;
  const double bound = floor ? check.actual * (1 + reach) : check.actual * (1 - reach);
  const double room = std::exp(usual) * (1 + look_allowance);
  return floor ? bound * room < limit : bound > limit * room;
}

/// A figure of one operating point or of their mean: the widest interval of all does for both.
std::optional<metrics::Estimate> widest(const Experiment& looked, const metrics::Goal& goal,
                                        const metrics::LimitCheck& check) {
  std::optional<metrics::Estimate> widest;
  for (const auto* batch : metrics::scored_batches(*looked.metrics, goal, looked.score)) {
    const auto own = metrics::estimate_of(check.actual, check.limit.metric(), {batch});
    if (!own) return std::nullopt;
    if (!widest) widest = own;
    widest->below = std::max(widest->below, own->below);
    widest->above = std::max(widest->above, own->above);
  }
  return widest;
}

std::optional<std::string> limit_words(const Run& run, const Experiment& looked, const Experiment& best) {
  for (const auto& check : looked.score.slo.checks) {
    const auto& limit = check.limit;
    if (check.ok()) continue;
    const bool counts = best.rank() == 0 || limit.hard_fail;
    const auto usual = usual_lag(run, {limit.metric(), limit.is_minimum()});
    const auto known = widest(looked, run.task.goal, check);
    if (!counts || !usual || !known) continue;
    const double side = limit.is_minimum() ? -1 : 1;
    const double last = best.rank() == 0 ? limit.threshold : limit.threshold * (1 + side * limit.fail_ratio);
    const double reach = limit.is_minimum() ? known->above : known->below;
    if (is_surely_beyond(check, last, *usual, reach)) return metrics::to_text(check);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Lag> lag_behind(const metrics::Estimate& look, const metrics::Estimate& whole, bool maximise,
                              double usual) {
  if (look.below >= 1 || whole.below >= 1 || !(look.value > 0) || !(whole.value > 0)) return std::nullopt;
  const double d = badness(look.value, maximise) - usual - badness(whole.value, maximise);
  const auto up = [](const metrics::Estimate& e) { return std::log1p(e.above); };
  const auto down = [](const metrics::Estimate& e) { return -std::log1p(-e.below); };
  const double to_better = maximise ? std::hypot(up(look), down(whole)) : std::hypot(down(look), up(whole));
  const double to_worse = maximise ? std::hypot(down(look), up(whole)) : std::hypot(up(look), down(whole));
  return Lag{.share = std::expm1(d), .low = std::expm1(d - to_better), .high = std::expm1(d + to_worse)};
}

bool is_surely_worse(const Lag& lag) {
  return 1 + lag.low > (1 + look_worthwhile) * (1 + look_allowance);
}

bool takes_short_look(const Run& run, const Experiment& experiment) {
  if (!run.task.running.short_look || !is_search_row(experiment)) return false;
  return std::ranges::any_of(run.experiments, is_whole);
}

std::map<std::string, double> figures_of(const metrics::Score& score) {
  std::map<std::string, double> figures = score.objectives;
  for (const auto& check : score.slo.checks) figures[check.limit.metric()] = check.actual;
  if (score.value) figures[score.metric] = *score.value;
  return figures;
}

std::optional<std::string> why_cut_short(const Run& run, const Experiment& looked) {
  const auto choice = choose(run);
  const auto* best = choice.best ? find(run, *choice.best) : nullptr;
  // A look that lost levels says nothing of the whole load.
  if (best == nullptr || !is_whole(*best) || !looked.metrics || !looked.metrics->failed.empty())
    return std::nullopt;
  auto words = best->rank() == 0 ? behind_words(run, looked, *best) : std::nullopt;
  if (!words) words = limit_words(run, looked, *best);
  if (!words) return std::nullopt;
  return fmt::format("short look only: {}, so the whole load was not sent", *words);
}

}  // namespace autotuner::tuning
