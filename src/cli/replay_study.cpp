#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "cli/replay.hpp"
#include "search/frontier.hpp"
#include "tuning/short_look.hpp"

namespace autotuner::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// The values of the parameters whose change needs a restart.
std::string server_part(const TuningTable& table, const space::Point& point) {
  space::Point part;
  for (const auto& knob : table.space.problem.knobs) {
    const auto* value = point.find(knob.name);
    if (knob.scope == search::Scope::server && value != nullptr) part.set(knob.name, *value);
  }
  return space::identity(part);
}

/// Of several objectives, how much of the hypervolume that can be reached was reached, by true values and in
/// logarithms, above a point a little below the worst values of the true frontier.
class FrontierShare {
 public:
  explicit FrontierShare(const TuningTable& table) : table_(table) {
    if (table.space.problem.objectives.empty()) return;
    std::vector<search::Values> rows;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      if (auto values = values_of(i); !values.empty()) rows.push_back(std::move(values));
    }
    std::vector<search::Values> front;
    for (const auto i : search::non_dominated(rows)) front.push_back(rows[i]);
    reference_ = search::reference_below(front, 0.01);
    if (!front.empty()) best_ = search::Frontier(std::move(front), reference_).hypervolume();
  }

  double with(std::size_t row) {
    if (auto values = values_of(row); !values.empty()) seen_.push_back(std::move(values));
    return best_ > 0 ? search::Frontier(seen_, reference_).hypervolume() / best_ : 0;
  }

 private:
  /// Empty for what failed or breaks a limit.
  search::Values values_of(std::size_t index) const {
    const auto& row = table_.rows[index];
    const auto& problem = table_.space.problem;
    if (row.metrics.empty()) return {};
    search::Trial trial;
    trial.finished = true;
    trial.rank = search::TrialClass::met;
    for (std::size_t i = 0; i < row.metrics.size(); ++i)
      trial.metrics[table_.metrics[i].name] = row.metrics[i];
    const bool kept = std::ranges::all_of(problem.slos, [&](const search::Slo& slo) {
      const auto found = trial.metrics.find(slo.metric);
      return found != trial.metrics.end() && found->second <= slo.max;
    });
    return kept ? search::log_values(trial, problem.objectives) : search::Values{};
  }

  const TuningTable& table_;
  search::Values reference_;
  double best_ = 0;
  std::vector<search::Values> seen_;
};

/// What the score may be at the bounds of the interval that noise of deviation `sigma` of ln leaves; the same
/// factor moves all metrics, as it does in the table.
std::optional<metrics::Estimate> score_estimate(const TuningTable& table, const search::Report& report,
                                                double sigma) {
  constexpr double normal_975 = 1.96;
  const auto& problem = table.space.problem;
  const auto score_at = [&](double factor) {
    auto moved = report.metrics;
    for (const auto& metric : table.metrics) {
      if (metric.noise == NoiseKind::multiply) moved[metric.name] *= factor;
      if (metric.noise == NoiseKind::divide) moved[metric.name] /= factor;
    }
    return search::soft_score(*problem.objective, problem.slos, moved).value_or(0);
  };
  const double score = score_at(1);
  if (!(score > 0)) return std::nullopt;
  const double reach = std::exp(normal_975 * sigma);
  return metrics::Estimate{score, 1 - score_at(1 / reach) / score, score_at(reach) / score - 1};
}

/// A study under way: workers that each take a trial when they are free.
class Replay {
 public:
  Replay(const TuningTable& table, const search::Blueprint& blueprint, std::uint64_t seed,
         const ReplayOptions& options)
      : table_(table),
        options_(options),
        study_(blueprint.strategy(seed), table.space.problem),
        frontier_(table),
        workers_(options.workers),
        budget_(static_cast<std::size_t>(table.budgets.back())) {
    result_.seed = seed;
  }

  ReplayedStudy run() {
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) start(worker);
    while (!running_.empty()) {
      const auto first = std::ranges::min_element(running_, [](const Running& a, const Running& b) {
        return std::pair(a.end, a.number) < std::pair(b.end, b.number);
      });
      const auto done = std::move(*first);
      running_.erase(first);
      now_ = done.end;
      finish(done);
      start(done.worker);
    }
    result_.trace.resize(budget_, best_truth_);
    result_.spent_seconds.resize(budget_, now_);
    return std::move(result_);
  }

 private:
  struct Running {
    std::size_t number = 0;
    std::size_t worker = 0;
    double end = 0;
    search::Suggestion suggestion;
    search::Report report;
    double truth = 0;
    std::optional<std::size_t> row = {};
    std::string status;
  };

  std::optional<search::Suggestion> next() {
    if (started_ == 0 && table_.space.engine_default)
      return search::Suggestion{*table_.space.engine_default, {}, "the engine's default", ""};
    const auto begin = Clock::now();
    auto asked = study_.ask(1);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    result_.ask_seconds += seconds;
    result_.slowest_ask_seconds = std::max(result_.slowest_ask_seconds, seconds);
    ++result_.asks;
    return asked.empty() ? std::nullopt : std::optional(std::move(asked.front()));
  }

  void start(std::size_t worker) {
    if (started_ == budget_) return;
    auto suggestion = next();
    if (!suggestion) return;
    Running trial;
    trial.number = ++started_;
    trial.worker = worker;
    trial.suggestion = std::move(*suggestion);
    trial.report.point = trial.suggestion.point;
    const auto found = table_.row_of.find(space::identity(trial.suggestion.point));
    if (found == table_.row_of.end()) {
      trial.report.failure = search::Failure::invalid;
      trial.status = "violation";
      ++result_.violations;
    } else {
      observe_row(found->second, workers_[worker], trial);
    }
    // Where a table names no costs, all trials take the same time.
    trial.end = now_ + (table_.has_costs ? trial.report.start_seconds + trial.report.bench_seconds : 1);
    running_.push_back(std::move(trial));
  }

  /// `server`: what the worker has running; "" = nothing.
  void observe_row(std::size_t index, std::string& server, Running& trial) {
    const auto visit = visits_[index]++;
    result_.repeats += visit > 0 ? 1 : 0;
    const auto& row = table_.rows[index];
    trial.report = observe(table_, index, result_.seed, visit);
    trial.truth = row.truth;
    trial.row = index;
    trial.status = row.status;
    auto wanted = server_part(table_, trial.suggestion.point);
    const bool fresh = wanted != server;
    result_.restarts += fresh ? 1 : 0;
    if (table_.has_costs) {
      trial.report.start_seconds = fresh ? row.start_seconds : 0;
      trial.report.bench_seconds = row.bench_seconds;
    }
    if (options_.short_look > 0) look(index, visit, trial);
    server = trial.report.failure == search::Failure::none ? std::move(wanted) : "";
  }

  /// As a trial does on a running engine; nothing is cut short before one went on.
  void look(std::size_t index, std::uint64_t visit, Running& trial) {
    if (trial.report.failure != search::Failure::none || !best_estimate_) return;
    const double share = options_.short_look;
    const auto looked = observe(table_, index, result_.seed, visit, share);
    const auto estimate = score_estimate(table_, looked, table_.sigma / std::sqrt(share));
    const auto lag = estimate ? tuning::lag_behind(*estimate, *best_estimate_, true, 0) : std::nullopt;
    const double whole = trial.report.bench_seconds;
    if (!went_on_ || !lag || !tuning::is_surely_worse(*lag)) {
      went_on_ = true;
      trial.report.bench_seconds = (1 + share) * whole;
      return;
    }
    trial.report.metrics = looked.metrics;
    trial.report.fidelity = share;
    trial.report.bench_seconds = share * whole;
    trial.status += ", short look";
    ++result_.cut_short;
    result_.cut_wrongly += trial.truth >= 0.99 * table_.best ? 1 : 0;
  }

  void finish(const Running& trial) {
    const auto& problem = table_.space.problem;
    double score = 0;
    if (trial.report.failure == search::Failure::none)
      score = search::soft_score(*problem.objective, problem.slos, trial.report.metrics).value_or(0);
    else
      ++result_.crashes;
    if (!problem.objectives.empty()) {
      if (trial.row) best_truth_ = frontier_.with(*trial.row);
    } else if (score > best_seen_ && trial.report.fidelity >= 1) {
      best_seen_ = score;
      best_estimate_ = score_estimate(table_, trial.report, table_.sigma);
      best_truth_ = trial.truth / table_.best;
    }
    result_.trace.push_back(best_truth_);
    result_.spent_seconds.push_back(table_.has_costs || options_.workers > 1 ? now_ : 0);
    result_.log.push_back(fmt::format("{:3} {:.3f} {:.3f} {} | {} | {}", trial.number,
                                      trial.truth / table_.best, best_truth_, trial.status,
                                      space::to_text(trial.suggestion.point), trial.suggestion.reason));
    study_.tell(trial.report);
    result_.reports.push_back(trial.report);
    if (!options_.asks_to_stop || result_.would_stop != 0) return;
    const auto advice = study_.stop_advice();
    if (!advice) return;
    result_.log.back() += "; " + advice->words;
    if (advice->stop) result_.would_stop = result_.trace.size();
  }

  const TuningTable& table_;
  const ReplayOptions& options_;
  search::Study study_;
  FrontierShare frontier_;
  std::vector<std::string> workers_;  ///< the server part that each has running
  std::size_t budget_;
  std::size_t started_ = 0;
  double now_ = 0;
  std::vector<Running> running_;
  std::unordered_map<std::size_t, std::uint64_t> visits_;
  double best_seen_ = -1;
  double best_truth_ = 0;
  std::optional<metrics::Estimate> best_estimate_;  ///< of the best seen
  bool went_on_ = false;                            ///< a trial, after its short look
  ReplayedStudy result_;
};

}  // namespace

ReplayedStudy replay_study(const TuningTable& table, const search::Blueprint& blueprint, std::uint64_t seed,
                           const ReplayOptions& options) {
  return Replay(table, blueprint, seed, options).run();
}

}  // namespace autotuner::cli
